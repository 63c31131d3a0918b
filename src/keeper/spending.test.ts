import { afterEach, describe, expect, test } from 'vitest';
import type { KeyId, TenantId } from '../kernel/index.ts';
import { NOTHING } from '../contract/index.ts';
import type { Reservation, SpendingInView } from '../contract/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { rule, tokenRequest } from './fixtures/budget-rig.ts';
import { textOf } from './fixtures/fake-policy.ts';
import type { FakePolicyText } from './fixtures/fake-policy.ts';
import { createKeeperRig } from './fixtures/keeper-rig.ts';
import type { KeeperRig } from './fixtures/keeper-rig.ts';

const open: KeeperRig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.during(rig.keeper.close());
});

async function started(policy: FakePolicyText): Promise<KeeperRig> {
  const rig = createKeeperRig({ store: await openSqliteStore({ path: null }), policy });
  open.push(rig);
  await rig.during(rig.keeper.start());
  await rig.pass(50);
  return rig;
}

const DAY_MS = 86_400_000;
const budgets = [
  rule('day', { tenant: '*' }, { tokens: 10_000 }, 'day'),
  rule('by-route', { route: '*' }, { tokens: 50 }, 'day'),
  rule('one-route', { route: 'default' }, { tokens: 500 }, 'day'),
];

const spent = (
  view: SpendingInView | undefined,
  atMs: number,
  tenant = 'acme',
  budget: string | null = null,
) =>
  view
    ?.covering({ tenant: tenant as TenantId, key: 'k' as KeyId, user: null, budget }, atMs)
    .map(({ limits, spent: used }) => [limits.tokens, used.tokens]);

async function spend(
  rig: KeeperRig,
  client: Awaited<ReturnType<KeeperRig['connect']>>['client'],
  tokens: number,
) {
  const request = tokenRequest({ tenant: 'acme' }, tokens, 0);
  const held = await rig.during(Promise.resolve(client.budgets.reserve(request)));
  (held as Reservation).settle({ ...NOTHING, tokens });
  await rig.pass(400);
}

describe('what workers know of budgets', () => {
  test('each hears of what any of them settled; a caller that spent nothing has it all', async () => {
    const rig = await started({ budgets, readsBudgets: true });
    const one = await rig.connect(0);
    const two = await rig.connect(1);
    const nowMs = rig.clock.nowMs();
    expect(spent(two.client.world().spending, nowMs)).toEqual([[10_000, 0]]);
    await spend(rig, one.client, 40);
    for (const world of [one.client.world(), two.client.world(), rig.keeper.world()]) {
      expect(spent(world.spending, nowMs)).toEqual([[10_000, 40]]);
      expect(spent(world.spending, nowMs, 'other')).toEqual([[10_000, 0]]);
      expect(spent(world.spending, nowMs, 'acme', 'one-route')).toEqual([[500, 40]]);
      expect(spent(world.spending, nowMs, 'acme', 'by-route')).toEqual([]);
      expect(spent(world.spending, nowMs + DAY_MS)).toEqual([[10_000, 0]]);
    }
    const late = await rig.connect(2);
    expect(spent(late.client.world().spending, nowMs)).toEqual([[10_000, 40]]);
  });

  test('nobody is told where no condition reads it, and all where a new policy does', async () => {
    const rig = await started({ budgets });
    const { client } = await rig.connect(0);
    await spend(rig, client, 30);
    expect(client.world().spending).toBeUndefined();
    rig.file.text = textOf({ budgets, readsBudgets: true });
    await rig.keeper.reload();
    await rig.pass(10);
    expect(spent(client.world().spending, rig.clock.nowMs())).toEqual([[10_000, 30]]);
    await spend(rig, client, 15);
    expect(spent(client.world().spending, rig.clock.nowMs())).toEqual([[10_000, 45]]);
  });
});

describe('carbon intensity', () => {
  test('is of the place of an instance; what is pushed stands in for it and grows stale', async () => {
    const rig = await started({ carbon: { here: 300 } });
    const { client } = await rig.connect(0);
    const seen = () => client.world().fleet.states[0]!.carbon;
    expect(seen()).toEqual({ gramsPerKilowattHour: 300, untilMs: null });
    const { admin } = rig.keeper;
    const at = rig.clock.nowMs();
    await admin.setCarbon('here', { gramsPerKilowattHour: 90, ttlSeconds: 10 });
    await admin.setCarbon('there', { gramsPerKilowattHour: 7 });
    await rig.pass(5);
    expect(seen()).toEqual({ gramsPerKilowattHour: 90, untilMs: at + 10_000 });
    expect(admin.carbon()).toMatchObject([
      { place: 'here', gramsPerKilowattHour: 90, source: 'pushed' },
      { place: 'there', gramsPerKilowattHour: 7, until: new Date(at + 60_000).toISOString() },
    ]);
    await rig.pass(10_000);
    expect(admin.carbon()[0]).toMatchObject({ place: 'here', gramsPerKilowattHour: null });
    await admin.setCarbon('here', null);
    await rig.pass(5);
    expect(seen()).toEqual({ gramsPerKilowattHour: 300, untilMs: null });
  });

  test('a place has a name of a reasonable length, and there are not too many', async () => {
    const { keeper } = await started({});
    const pushed = { gramsPerKilowattHour: 1 };
    await expect(keeper.admin.setCarbon('x'.repeat(129), pushed)).rejects.toMatchObject({
      code: 'BRS_ADMIN_INPUT',
    });
    await expect(keeper.admin.setCarbon('', pushed)).rejects.toMatchObject({
      code: 'BRS_ADMIN_INPUT',
    });
  });
});
