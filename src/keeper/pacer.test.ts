import { afterEach, describe, expect, test } from 'vitest';
import { NOTHING } from '../contract/index.ts';
import type {
  BudgetRule,
  KeeperClient,
  Reservation,
  ShadowPrices,
  Store,
} from '../contract/index.ts';
import type { World } from '../contract/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { rule, tokenRequest } from './fixtures/budget-rig.ts';
import { textOf } from './fixtures/fake-policy.ts';
import { createKeeperRig } from './fixtures/keeper-rig.ts';
import type { KeeperRig } from './fixtures/keeper-rig.ts';

const open: KeeperRig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.during(rig.keeper.close());
});

const paced = (id: string, scope: Partial<BudgetRule['scope']>, tokens: number): BudgetRule => ({
  ...rule(id, scope, { tokens }, 'day'),
  pacing: { targetRatio: 0.5 },
});
/** Half of a day is over when a rig starts. */
const TENANT = paced('tenant', { tenant: '*' }, 10_000);

async function started(budgets: readonly BudgetRule[], store?: Store): Promise<KeeperRig> {
  const rig = createKeeperRig({
    store: store ?? (await openSqliteStore({ path: null })),
    policy: { budgets },
  });
  open.push(rig);
  await rig.during(rig.keeper.start());
  return rig;
}

async function spend(rig: KeeperRig, client: KeeperClient, tokens: number): Promise<void> {
  const request = tokenRequest({ tenant: 'acme' }, tokens, 0);
  const held = (await rig.during(Promise.resolve(client.budgets.reserve(request)))) as Reservation;
  held.settle({ ...NOTHING, tokens });
  await rig.pass(500);
}

const prices = (
  world: World,
  rig: KeeperRig,
  tenant = 'acme',
  route = 'default',
): ShadowPrices | null => {
  const { key } = tokenRequest({ tenant }, 0, 0);
  const spender = { tenant: tokenRequest({ tenant }, 0, 0).tenant, key, user: null, route };
  return world.shadow?.pricesFor(spender, rig.clock.nowMs()) ?? null;
};

describe('shadow prices', () => {
  test('come up while spending is ahead, in every worker, for those whom the budget covers', async () => {
    const rig = await started([TENANT, rule('plain', { tenant: '*' }, { tokens: 20_000 })]);
    const one = await rig.connect(0);
    const two = await rig.connect(1);
    await spend(rig, one.client, 2_000);
    expect(prices(two.client.world(), rig)).toBeNull();
    await spend(rig, one.client, 520);
    const late = await rig.connect(2);
    for (const world of [one, two, late].map(({ client }) => client.world())) {
      const found = prices(world, rig);
      expect(found).toMatchObject({ perUsd: 0, usdPerJoule: 0 });
      expect(found!.usdPerToken).toBeGreaterThan(1e-6);
      expect(prices(world, rig, 'other')).toBeNull();
    }
    expect(prices(rig.keeper.world(), rig)).toEqual(prices(two.client.world(), rig));
    const [view] = rig.keeper.admin.allBudgets();
    expect(view!.pace).toEqual({
      tokens: {
        spentRatio: 2_520 / 5_000,
        elapsedRatio: expect.closeTo(0.5, 3),
        shadowPrice: expect.closeTo(prices(late.client.world(), rig)!.usdPerToken, 6),
      },
    });
    const metrics = await rig.during(rig.keeper.admin.metrics());
    expect(metrics).toMatch(
      /bourse_budget_lead_ratio\{rule="tenant",.*quantity="tokens"\} 0\.00[34]/,
    );
  });

  test('of several budgets add up, and one of a route is of that route', async () => {
    const rig = await started([TENANT, paced('route', { route: 'default' }, 10_000)]);
    const { client } = await rig.connect(0);
    await spend(rig, client, 2_520);
    const both = prices(client.world(), rig)!.usdPerToken;
    expect(prices(client.world(), rig, 'acme', 'named')!.usdPerToken).toBeCloseTo(both / 2, 9);
  });

  test('end with their period, and with their rule', async () => {
    const rig = await started([TENANT]);
    const { client } = await rig.connect(0);
    await spend(rig, client, 3_000);
    expect(prices(client.world(), rig)).not.toBeNull();
    rig.clock.advance(43_200_000);
    expect(prices(client.world(), rig)).toBeNull();
    rig.file.text = textOf({
      budgets: [rule('tenant', { tenant: '*' }, { tokens: 10_000 }, 'day')],
    });
    await rig.keeper.reload();
    await rig.pass(20);
    expect(client.world().shadow).toBeUndefined();
    expect(rig.keeper.world().shadow).toBeUndefined();
  });

  test('a limit that is raised takes the price away, and one that is lowered below what is spent raises it', async () => {
    const rig = await started([TENANT]);
    const { client } = await rig.connect(0);
    await spend(rig, client, 2_600);
    const before = prices(client.world(), rig)!.usdPerToken;
    const reload = async (tokens: number): Promise<void> => {
      rig.file.text = textOf({ budgets: [{ ...TENANT, limits: { ...TENANT.limits, tokens } }] });
      await rig.keeper.reload();
      await rig.pass(600);
    };
    await reload(20_000);
    expect(prices(client.world(), rig)).toBeNull();
    await reload(2_000);
    expect(prices(client.world(), rig)!.usdPerToken).toBeGreaterThan(before);
  });

  test('a restart goes on with what was learned; a document that cannot be read is nothing', async () => {
    const memory = await openSqliteStore({ path: null });
    const store = { ...memory, close: async () => {} };
    const first = await started([TENANT], store);
    const { client } = await first.connect(0);
    await spend(first, client, 2_510);
    await first.pass(3_000);
    await first.during(first.keeper.close());
    const json = (await memory.load()).documents.get('budget-paces')!;
    const [[key, , paces]] = JSON.parse(json);
    expect(key).toBe('tenant|tenant=acme');
    expect(paces.tokens.learned).toBeGreaterThan(0);
    const again = await started([TENANT], store);
    await again.pass(300);
    // Less time is over than when it was stored: the clock of a rig begins anew.
    expect(again.keeper.admin.allBudgets()[0]!.pace.tokens!.shadowPrice).toBeGreaterThan(1e-6);
    await again.during(again.keeper.close());
    await memory.saveDocument('budget-paces', '[["tenant|tenant=acme", 1');
    const second = await started([TENANT], store);
    await second.pass(600);
    expect(second.kinds()).not.toContain('fault');
  });
});
