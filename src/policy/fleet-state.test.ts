import { describe, expect, test } from 'vitest';
import type { BudgetSpent, CarbonIntensity, SpendingQuery } from '../contract/index.ts';
import { SPENDING_IN_VIEW } from '../contract/index.ts';
import { createVirtualClock } from '../kernel/index.ts';
import { fakeWorkload } from '../signals/fixtures/fake-workload.ts';
import { openSignals } from '../signals/index.ts';
import { FLEET, fleetOf, policyOf, problemsOf } from './fixtures/policy.ts';

const BUDGETS = `${FLEET}budgets:
  - { id: daily, tenant: "*", per: day, tokens: 1000, usd: 10 }
  - { id: monthly, per: month, tokens: 100000, energyKilojoules: 2 }
  - { id: routes, route: "*", per: day, tokens: 10 }
`;

/** The route, and the reading that it rests on. */
async function routed(when: string, covering: readonly BudgetSpent[] | null) {
  const policy = policyOf(
    `${BUDGETS}routes: [{ name: low, when: { budgetLeft: ${when} }, use: {} }]`,
  );
  const reader = openSignals(policy.slots, fakeWorkload(), createVirtualClock());
  const asked: SpendingQuery[] = [];
  if (covering !== null) {
    reader.share(SPENDING_IN_VIEW).spending = {
      covering: (query) => {
        asked.push(query);
        return covering;
      },
    };
  }
  const result = await policy.decide(fakeWorkload(), reader, fleetOf(policy), null);
  return { route: result.kind === 'mandate' && result.route, reading: reader.readings()[0], asked };
}

const spent = (tokens: number, usd: number): BudgetSpent => ({
  limits: { tokens: 1000, picoUsd: 10e12, microjoules: null },
  spent: { tokens, picoUsd: usd * 1e12, microjoules: 0 },
});
const monthly: BudgetSpent = {
  limits: { tokens: 100_000, picoUsd: null, microjoules: 2e9 },
  spent: { tokens: 500, picoUsd: 7, microjoules: 0.5e9 },
};

describe('budgetLeft', () => {
  test('is the least that the budgets leave, by quantity', async () => {
    const { route, reading, asked } = await routed(
      '{ share: { below: 0.5 }, usd: { atMost: 4 } }',
      [spent(100, 6), monthly],
    );
    expect(reading?.value).toEqual({ share: 0.4, tokens: 900, usd: 4, energyKilojoules: 1.5 });
    expect(route).toBe('low');
    expect(asked).toEqual([
      expect.objectContaining({ tenant: 'acme', key: 'key-1', budget: null }),
    ]);
  });

  test.each<[string, readonly BudgetSpent[] | null, string]>([
    ['{ share: { below: 0.5 } }', [spent(100, 1)], 'default'],
    ['{ tokens: { equals: 0 } }', [spent(5000, 1)], 'low'],
    ['{ energyKilojoules: { below: 1 } }', [spent(0, 0)], 'default'],
    ['{ share: { below: 1 } }', [], 'default'],
    ['{ share: { below: 1 } }', null, 'default'],
    ['{ of: daily, tokens: { below: 500 } }', [spent(600, 0)], 'low'],
  ])('%s over %j leads to %s', async (when, covering, expected) => {
    expect((await routed(when, covering)).route).toBe(expected);
  });

  test('one budget can be named', async () => {
    expect((await routed('{ of: daily, share: { below: 1 } }', [])).asked[0]?.budget).toBe('daily');
  });

  test.each([
    [
      '{ of: dayly, share: { below: 1 } }',
      'budgetLeft.of: must be the id of a budget: there are daily, monthly',
    ],
    ['{ of: routes, share: { below: 1 } }', 'budgetLeft.of: has a balance per route'],
    ['{ of: daily }', 'budgetLeft: must have a comparison of one of share'],
    ['{ share: 0.5 }', 'budgetLeft.share: must be a mapping'],
  ])('%s is refused', (when, expected) => {
    const text = `${BUDGETS}routes: [{ name: r, when: { budgetLeft: ${when} }, use: {} }]`;
    expect(problemsOf(text).join('\n')).toContain(expected);
  });
});

describe('pool: carbon', () => {
  const policy = policyOf(`${FLEET}carbon: { gramsPerKilowattHour: { on-prem: 320 } }
routes: [{ name: green, when: { pool: { of: { site: on-prem }, carbon: { below: 200 } } }, use: {} }]`);
  const routeAt = async (carbonOfA: CarbonIntensity | undefined, receivedAtMs: number) => {
    const fleet = fleetOf(policy);
    const states = fleet.states.map((state) => {
      const carbon =
        state.instance.id === 'a' ? carbonOfA : { gramsPerKilowattHour: 100, untilMs: null };
      return carbon === undefined ? state : { ...state, carbon };
    });
    const workload = fakeWorkload({ receivedAtMs });
    const reader = openSignals(policy.slots, workload, createVirtualClock());
    const result = await policy.decide(workload, reader, { ...fleet, states }, null);
    return result.kind === 'mandate' && result.route;
  };

  test('is the average of the ready ones; unknown where one is unknown or stale', async () => {
    expect(await routeAt({ gramsPerKilowattHour: 290, untilMs: 2000 }, 1000)).toBe('green');
    expect(await routeAt({ gramsPerKilowattHour: 310, untilMs: 2000 }, 1000)).toBe('default');
    expect(await routeAt({ gramsPerKilowattHour: 10, untilMs: 2000 }, 2000)).toBe('default');
    expect(await routeAt(undefined, 1000)).toBe('default');
  });

  test('the policy says what it is by place', () => {
    expect(policy.config.carbon).toEqual({
      label: 'site',
      gramsPerKilowattHour: new Map([['on-prem', 320]]),
      maxAgeMs: 7_200_000,
    });
    expect(problemsOf(`${FLEET}carbon: { gramsPerKilowattHour: { a: -1 } }`)[0]).toContain(
      'carbon.gramsPerKilowattHour.a: must not be less than 0',
    );
  });
});
