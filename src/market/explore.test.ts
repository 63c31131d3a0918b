import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from '../kernel/index.ts';
import { isRefusal, NO_BELIEFS } from '../contract/index.ts';
import type { Award, Bid, ExplorationPlan, InstanceState, Mandate } from '../contract/index.ts';
import type { ProbeNeed, Reputation } from '../contract/index.ts';
import { awardBids } from './award.ts';
import { instanceOf, mandateOf, modelOf, NO_LIMITS, ruleAgainst } from './fixtures/request.ts';
import { stateOf, viewOf, workloadOf } from './fixtures/request.ts';
import { createHouseBidder } from './house-bidder.ts';
import { quoteBids } from './quote-bids.ts';

const house = [createHouseBidder()];

const PLAN: ExplorationPlan = {
  kind: 'thompson',
  modes: null,
  width: 1,
  lotShare: 0,
  drawsLatency: false,
  maxLossUsd: Infinity,
  probes: null,
};
const PROBES = { share: 0.2, maxLossUsd: Infinity, beyondLimits: false };

const plan = (changes: Partial<ExplorationPlan>): { exploration: ExplorationPlan } => ({
  exploration: { ...PLAN, ...changes },
});

interface Made {
  readonly accuracy?: number;
  readonly questions?: number;
  readonly rate?: number;
  readonly model?: string;
}

function made(
  id: string,
  { accuracy = 0.7, questions = 5, rate = 500_000, model }: Made = {},
): InstanceState {
  const price = { inputPicoUsd: rate, cachedInputPicoUsd: rate, outputPicoUsd: rate };
  const own = modelOf(model ?? `m-${id}`, {
    accuracy: { default: accuracy, byDomain: new Map(), questions },
    price,
  });
  return stateOf(instanceOf(id, { model: own }));
}

/** Bids of a fleet under a mandate that asks for right answers. */
function scene(
  fleet: readonly InstanceState[],
  changes: Partial<Mandate> = {},
  beliefs = NO_BELIEFS,
) {
  const objective = { usdPerError: 0.01, usdPerSecond: 0.0001, usdPerKilojoule: 0 };
  const mandate = mandateOf({ objective, ...changes });
  const quotes = quoteBids(workloadOf(), mandate, viewOf(fleet, { beliefs }), house);
  const award = (seed: number): Award => {
    const result = awardBids(quotes, mandate, createRng(seed));
    if (isRefusal(result)) throw new Error(result.message);
    return result;
  };
  return { quotes, mandate, award };
}

const winnerOf = ({ ranked }: Award): string => ranked[0]!.instance.id;

/** How often each won, and the inverse propensities of its wins: their mean is one where these are true. */
function tally(award: (seed: number) => Award, rounds: number) {
  const wins = new Map<string, number>();
  const weights = new Map<string, number>();
  for (let seed = 1; seed <= rounds; seed++) {
    const won = award(seed);
    const id = winnerOf(won);
    wins.set(id, (wins.get(id) ?? 0) + 1 / rounds);
    weights.set(id, (weights.get(id) ?? 0) + 1 / won.propensity / rounds);
  }
  return { wins, weights };
}

const CLOSE = [made('a', { accuracy: 0.72 }), made('b'), made('c', { accuracy: 0.6 })];

describe('an award that explores', () => {
  test('tells the true probability of its winner, by every rule', () => {
    const twins = [...CLOSE, made('b2', { model: 'm-b' }), made('d', { questions: 4000 })];
    const needy = [{ ...NO_BELIEFS, reputation: known('a', 'b', 'd') }];
    const plans: Partial<ExplorationPlan>[] = [
      {},
      { drawsLatency: true },
      { kind: 'linucb', lotShare: 0.3 },
      { kind: 'off', probes: PROBES },
      { probes: PROBES, drawsLatency: true },
      { kind: 'linucb', lotShare: 0.1, probes: PROBES },
    ];
    for (const changes of plans) {
      const { award } = scene(twins, plan(changes), needy[0]);
      const { wins, weights } = tally(award, 6000);
      expect(wins.size, JSON.stringify(changes)).toBeGreaterThan(1);
      for (const [id, weight] of weights) {
        if (wins.get(id)! < 0.03) continue;
        expect(weight, `${id} by ${JSON.stringify(changes)}`).toBeGreaterThan(0.85);
        expect(weight, `${id} by ${JSON.stringify(changes)}`).toBeLessThan(1.15);
      }
    }
  });

  test('tries the doubtful, and not those that are known to be worse', () => {
    const doubtful = scene(
      [made('sure', { questions: 5000 }), made('new', { accuracy: 0.69, questions: 3 })],
      plan({}),
    );
    expect(tally(doubtful.award, 400).wins.get('new')).toBeGreaterThan(0.3);
    const known = scene(
      [made('sure', { questions: 5000 }), made('worse', { accuracy: 0.6, questions: 5000 })],
      plan({}),
    );
    expect(tally(known.award, 400).wins.get('worse')).toBeUndefined();
  });

  test('by LinUCB is certain, and hopes for the doubtful', () => {
    const { award } = scene(
      [made('sure', { questions: 5000 }), made('new', { accuracy: 0.65, questions: 3 })],
      plan({ kind: 'linucb' }),
    );
    for (const seed of [1, 2, 3]) {
      expect(award(seed)).toMatchObject({
        propensity: 1,
        explored: { kind: 'linucb', best: 'sure' },
      });
      expect(winnerOf(award(seed))).toBe('new');
    }
  });

  test('leaves everything as it is where it is off, or of another mode', () => {
    for (const changes of [{}, plan({ modes: ['accuracy'] })]) {
      const { award, quotes, mandate } = scene(CLOSE, changes);
      expect(award(4)).toEqual(awardBids(quotes, mandate));
      expect(award(4).propensity).toBe(1);
      expect(award(4).explored).toBeUndefined();
    }
  });

  test('keeps the rest of the ranking, and says who was best', () => {
    const { award } = scene(CLOSE, plan({ kind: 'linucb', lotShare: 1 }));
    const seed = [1, 2, 3, 4, 5, 6, 7, 8].find((one) => winnerOf(award(one)) === 'c')!;
    const won = award(seed);
    expect(won.ranked.map(({ instance }) => instance.id)).toEqual(['c', 'a', 'b']);
    expect(won.explored).toEqual({ kind: 'linucb', best: 'a' });
    expect(won.clearingScore).toBe(won.ranked[1]!.score);
    expect(won.propensity).toBeCloseTo(1 / 3);
  });

  test('heeds the scarcity of paced budgets: what is drawn is accuracy alone', () => {
    const fleet = [
      made('cheap', { rate: 100_000 }),
      made('dear', { rate: 3_000_000, accuracy: 0.75 }),
    ];
    const free = tally(scene(fleet, plan({})).award, 400).wins.get('dear') ?? 0;
    const shadow = { perUsd: 20, usdPerToken: 0, usdPerJoule: 0 };
    const scarce = tally(scene(fleet, { ...plan({}), shadow }).award, 400).wins.get('dear') ?? 0;
    expect(free).toBeGreaterThan(0.3);
    expect(scarce).toBeLessThan(free / 4);
  });

  test('chooses nobody whose score is worse by more than the plan allows', () => {
    const { award } = scene(CLOSE, plan({ kind: 'linucb', lotShare: 1, maxLossUsd: 0.0005 }));
    expect([...tally(award, 200).wins.keys()].toSorted()).toEqual(['a', 'b']);
  });
});

const RECORD: Reputation = { latencyRatio: 1, failureRatio: 0, observations: 50, atMs: 0 };
const known = (...ids: readonly string[]): ReadonlyMap<never, Reputation> =>
  new Map(ids.map((id) => [id as never, RECORD]));

describe('probes', () => {
  const probing = { kind: 'off' as const, probes: PROBES };

  test('go to those whom few have seen, in their share', () => {
    const beliefs = { ...NO_BELIEFS, reputation: known('a', 'b') };
    const { award } = scene(CLOSE, plan(probing), beliefs);
    const { wins } = tally(award, 2000);
    expect(wins.get('c')).toBeGreaterThan(0.17);
    expect(wins.get('c')).toBeLessThan(0.23);
    expect(wins.get('b')).toBeUndefined();
  });

  test('go to those whose record keeps them out, and to a model that has changed', () => {
    const atMs = workloadOf().receivedAtMs;
    const late = { ...RECORD, latencyRatio: 4, atMs };
    const alarm = { atMs, before: 0.9, after: 0.6, verdicts: 80 };
    const beliefs = {
      ...NO_BELIEFS,
      reputation: new Map([...known('a', 'b'), ['c' as never, late]]),
      accuracy: new Map(['m-a', 'm-b', 'm-c'].map((id) => [id, { right: 40, wrong: 20, atMs }])),
      drift: new Map([['m-b' as never, { alarm } as never]]),
    };
    const { quotes } = scene(CLOSE, plan(probing), beliefs);
    const needs = new Map(quotes.bids.map((bid) => [bid.instance.id as string, bid.need]));
    expect(needs).toEqual(
      new Map<string, ProbeNeed | null>([
        ['a', null],
        ['b', 'drift'],
        ['c', 'reputation'],
      ]),
    );
  });

  test('pass a limit on time only where the policy says so, and never another', () => {
    const atMs = workloadOf().receivedAtMs;
    const late = { ...RECORD, latencyRatio: 10, atMs };
    const beliefs = {
      ...NO_BELIEFS,
      reputation: new Map([...known('a', 'b'), ['c' as never, late]]),
    };
    const free = scene(CLOSE, plan(probing)).quotes.bids;
    const bound =
      2.5 * Math.max(...free.map(({ latencyMs }) => latencyMs.mean + latencyMs.deviation * 1.3));
    const won = (beyondLimits: boolean, limits: Partial<Mandate['limits']>): Set<string> => {
      const exploration = plan({ ...probing, probes: { ...PROBES, beyondLimits } });
      const { award } = scene(
        CLOSE,
        { ...exploration, limits: { ...NO_LIMITS, maxLatencyMs: bound, ...limits } },
        beliefs,
      );
      return new Set(tally(award, 200).wins.keys());
    };
    expect(won(false, {})).toEqual(new Set(['a']));
    expect(won(true, {})).toEqual(new Set(['a', 'c']));
    expect(won(true, { minAccuracy: 0.4 }).has('c')).toBe(false);
  });
});

describe('whatever a policy explores', () => {
  const anyPlan = fc.record({
    kind: fc.constantFrom('off', 'thompson', 'linucb'),
    width: fc.double({ min: 0, max: 5, noNaN: true }),
    lotShare: fc.double({ min: 0, max: 1, noNaN: true }),
    drawsLatency: fc.boolean(),
    maxLossUsd: fc.constantFrom(Infinity, 0, 0.001),
    modes: fc.constant(null),
    probes: fc.option(
      fc.record({
        share: fc.double({ min: 0.01, max: 1, noNaN: true }),
        maxLossUsd: fc.constant(Infinity),
        beyondLimits: fc.constant(false),
      }),
    ),
  }) as fc.Arbitrary<ExplorationPlan>;
  const anyFleet = fc.array(
    fc.record({
      accuracy: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      questions: fc.constantFrom(2, 20, 2000),
      rate: fc.integer({ min: 1_000, max: 5_000_000 }),
      isBarred: fc.boolean(),
    }),
    { minLength: 1, maxLength: 7 },
  );

  test('nobody wins who is barred, who breaks a limit, or against a hold', () => {
    fc.assert(
      fc.property(
        anyFleet,
        anyPlan,
        fc.integer(),
        fc.double({ min: 0.1, max: 0.6, noNaN: true }),
        (fleet, exploration, seed, minAccuracy) => {
          const states = fleet.map((one, i) => made(`i${i}`, one));
          const barred = fleet.flatMap(({ isBarred }, i) => (isBarred ? [`i${i}`] : []));
          const limits = { ...NO_LIMITS, minAccuracy, maxCostUsd: 0.002 };
          const changes = { exploration, limits, rules: [ruleAgainst(...barred)] };
          const { quotes, mandate } = scene(states, changes);
          const plain = awardBids(quotes, mandate);
          const result = awardBids(quotes, mandate, createRng(seed));
          if (isRefusal(plain)) {
            expect(isRefusal(result)).toBe(true);
            return;
          }
          const won = result as Award;
          const allowed = new Set(plain.ranked.map((bid: Bid) => bid.instance.id));
          expect(allowed.has(won.ranked[0]!.instance.id)).toBe(true);
          expect(barred).not.toContain(winnerOf(won));
          expect(new Set(won.ranked)).toEqual(new Set(plain.ranked));
          expect(won.propensity).toBeGreaterThan(0);
          expect(won.propensity).toBeLessThanOrEqual(1 + 1e-9);
          const held = {
            ...quotes,
            hold: { instance: plain.ranked.at(-1)!.instance.id, by: 'tool-loop' as const },
          };
          expect(awardBids(held, mandate, createRng(seed))).toEqual(awardBids(held, mandate));
        },
      ),
      { numRuns: 300 },
    );
  });
});
