import { afterEach, describe, expect, test } from 'vitest';
import { fault } from '../kernel/index.ts';
import { NOTHING } from '../contract/index.ts';
import type { BudgetRule, KeeperClient, Reservation, Store } from '../contract/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { rule, tokenRequest } from './fixtures/budget-rig.ts';
import { textOf } from './fixtures/fake-policy.ts';
import { createKeeperRig } from './fixtures/keeper-rig.ts';
import type { KeeperRig } from './fixtures/keeper-rig.ts';

const open: KeeperRig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.during(rig.keeper.close());
});

const budgets = [rule('daily', { tenant: '*' }, { tokens: 1_000, picoUsd: 1e9 }, 'day')];

async function started(rules: readonly BudgetRule[], store?: Store): Promise<KeeperRig> {
  const rig = createKeeperRig({
    store: store ?? (await openSqliteStore({ path: null })),
    policy: { budgets: rules },
  });
  open.push(rig);
  await rig.during(rig.keeper.start());
  return rig;
}

async function spend(
  rig: KeeperRig,
  client: KeeperClient,
  tokens: number,
  tenant = 'acme',
): Promise<Reservation> {
  const request = tokenRequest({ tenant }, tokens, 0);
  const held = (await rig.during(Promise.resolve(client.budgets.reserve(request)))) as Reservation;
  held.settle({ ...NOTHING, tokens });
  await rig.pass(400);
  return held;
}

const told = ({ events }: KeeperRig) =>
  events.flatMap((event) =>
    event.kind === 'budget-warning' ? [`${event.scope} ${event.quantity} ${event.level}`] : [],
  );

/** A store whose next life finds what this one left. */
function lasting(store: Store): Store {
  return { ...store, close: async () => {} };
}

describe('budget warnings', () => {
  test('each share is told once, in an event, on the metrics, to the admin and in answers', async () => {
    const rig = await started(budgets);
    const { client } = await rig.connect(0);
    expect((await spend(rig, client, 790)).budgetWarning).toBeNull();
    expect(told(rig)).toEqual([]);
    await spend(rig, client, 20);
    expect(told(rig)).toEqual(['tenant=acme tokens 0.8']);
    expect((await spend(rig, client, 150)).budgetWarning).toBe('daily;tokens=80');
    expect((await spend(rig, client, 1)).budgetWarning).toBe('daily;tokens=95');
    expect((await spend(rig, client, 1, 'other')).budgetWarning).toBeNull();
    expect(told(rig)).toEqual(['tenant=acme tokens 0.8', 'tenant=acme tokens 0.95']);
    const views = rig.keeper.admin.allBudgets();
    expect(views.map(({ scope, warnings }) => [scope, warnings])).toEqual([
      ['tenant=acme', { tokens: 0.95 }],
      ['tenant=other', {}],
    ]);
    await rig.pass(2_500);
    const left = { tokens: '39', usd: '0.001', joules: null };
    expect(rig.keeper.admin.allBudgets()[0]).toMatchObject({ left });
    const metrics = await rig.during(rig.keeper.admin.metrics());
    expect(metrics).toContain(
      'bourse_budget_warnings_total{rule="daily",quantity="tokens",level="0.95"} 1',
    );
    const late = await rig.connect(1);
    expect((await spend(rig, late.client, 1)).budgetWarning).toBe('daily;tokens=95');
  });

  test('a restart tells nothing twice, and what was passed unseen is told then', async () => {
    const store = await openSqliteStore({ path: null });
    const first = await started(budgets, lasting(store));
    const { client } = await first.connect(0);
    await spend(first, client, 850);
    await first.during(first.keeper.close());
    const second = await started(budgets, lasting(store));
    await second.pass(600);
    expect(told(second)).toEqual([]);
    const { client: next } = await second.connect(0);
    expect((await spend(second, next, 110)).budgetWarning).toBe('daily;tokens=80');
    await second.during(second.keeper.close());
    expect(told(second)).toEqual(['tenant=acme tokens 0.95']);
    await store.saveDocument('budget-warnings', null);
    const third = await started(budgets, lasting(store));
    await third.pass(600);
    expect(told(third)).toEqual(['tenant=acme tokens 0.8', 'tenant=acme tokens 0.95']);
    await store.saveDocument('budget-warnings', '{"not": "this"');
    const fourth = await started(budgets, lasting(store));
    await fourth.pass(600);
    expect(told(fourth)).toHaveLength(2);
  });

  test('a limit that is raised makes the next passing a new one; a new period begins anew', async () => {
    const rig = await started(budgets);
    const { client } = await rig.connect(0);
    await spend(rig, client, 850);
    rig.file.text = textOf({
      budgets: [rule('daily', { tenant: '*' }, { tokens: 2_000 }, 'day')],
    });
    await rig.keeper.reload();
    await rig.pass(400);
    expect((await spend(rig, client, 1)).budgetWarning).toBeNull();
    await spend(rig, client, 800);
    expect(told(rig)).toEqual(['tenant=acme tokens 0.8', 'tenant=acme tokens 0.8']);
    rig.clock.advance(86_400_000);
    await rig.pass(400);
    await spend(rig, client, 1_700);
    expect(told(rig)).toHaveLength(3);
  });

  test('what cannot be stored is told when it can, once', async () => {
    const store = await openSqliteStore({ path: null });
    let isFailing = true;
    const failing: Store = {
      ...store,
      saveDocument: async (name, json) => {
        if (isFailing) throw fault('BRS_STORE', { reason: 'disk full' });
        await store.saveDocument(name, json);
      },
    };
    const rig = await started(budgets, failing);
    const { client } = await rig.connect(0);
    await spend(rig, client, 900);
    await rig.pass(1_000);
    expect(told(rig)).toEqual([]);
    isFailing = false;
    await rig.pass(1_000);
    expect(told(rig)).toEqual(['tenant=acme tokens 0.8']);
  });

  test('answers tell nobody of a budget that is not their own, and no name breaks a header', async () => {
    const rig = await started([
      rule('all', {}, { tokens: 100 }, 'day'),
      rule('x\r\ny', { tenant: 'acme' }, { tokens: 100 }, 'day'),
    ]);
    const { client } = await rig.connect(0);
    await spend(rig, client, 90);
    expect((await spend(rig, client, 1)).budgetWarning).toBe('x%0D%0Ay;tokens=80');
    expect(told(rig)).toEqual([' tokens 0.8', 'tenant=acme tokens 0.8']);
  });
});
