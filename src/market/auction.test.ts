import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRefusal } from '../contract/index.ts';
import type {
  Award,
  Bid,
  Estimate,
  InstanceState,
  Limits,
  Quote,
  Refusal,
} from '../contract/index.ts';
import { awardBids } from './award.ts';
import { createHouseBidder } from './house-bidder.ts';
import { quoteBids } from './quote-bids.ts';
import { draftOf } from './draft-bid.ts';
import { scoreBid } from './score.ts';
import { instanceOf, mandateOf, modelOf, NO_LIMITS, ruleAgainst } from './fixtures/request.ts';
import { stateOf, viewOf, workloadOf } from './fixtures/request.ts';

const house = [createHouseBidder()];

function scored(quote: Quote, accuracy: Estimate | null, by: Parameters<typeof scoreBid>[1]): Bid {
  const bid = draftOf(quote, accuracy);
  scoreBid(bid, by);
  return bid;
}

const OBJECTIVE = { usdPerError: 0.01, usdPerSecond: 0.001, usdPerKilojoule: 0.001 };

const amount = (max: number) => fc.double({ min: 0, max, noNaN: true });
const estimate = (max: number): fc.Arbitrary<Estimate> =>
  fc.record({ mean: amount(max), deviation: amount(max / 4) });

function quoteArbitrary(id: string): fc.Arbitrary<{ quote: Quote; accuracy: Estimate | null }> {
  return fc.record({
    quote: fc.record({
      instance: fc.constant(instanceOf(id)),
      costUsd: fc.option(estimate(1)),
      waitMs: amount(1_000),
      ttftMs: estimate(5_000),
      latencyMs: estimate(60_000),
      energyJoules: fc.option(estimate(5_000)),
      loadPrice: fc.double({ min: 1, max: 4, noNaN: true }),
      promptTokens: fc.nat(10_000),
      cachedTokens: fc.nat(100),
      outputTokens: estimate(1_000),
    }),
    accuracy: fc.option(estimate(1)),
  });
}

const limitsArbitrary: fc.Arbitrary<Limits> = fc.record({
  maxCostUsd: fc.option(amount(1)),
  maxTtftMs: fc.option(amount(5_000)),
  maxLatencyMs: fc.option(amount(60_000)),
  minAccuracy: fc.option(amount(1)),
  maxEnergyJoules: fc.option(amount(5_000)),
  quantile: fc.constantFrom(0.5, 0.9, 0.99),
});

const stateArbitrary = (id: string): fc.Arbitrary<InstanceState> =>
  fc
    .record({
      accuracy: fc.option(amount(1)),
      inputPicoUsd: fc.option(fc.nat(5_000_000)),
      maxRunning: fc.integer({ min: 1, max: 64 }),
      lifecycle: fc.constantFrom('ready' as const, 'ready' as const, 'down' as const),
      running: fc.nat(64),
      waiting: fc.nat(10),
      kv: amount(1),
    })
    .map((each) =>
      stateOf(
        instanceOf(id, {
          maxRunning: each.maxRunning,
          model: modelOf(`m-${id}`, {
            accuracy: { default: each.accuracy, byDomain: new Map() },
            price:
              each.inputPicoUsd === null
                ? null
                : {
                    inputPicoUsd: each.inputPicoUsd,
                    cachedInputPicoUsd: 0,
                    outputPicoUsd: 2 * each.inputPicoUsd,
                  },
          }),
        }),
        {
          lifecycle: each.lifecycle,
          telemetry: {
            runningRequests: each.running,
            waitingRequests: each.waiting,
            kvUsageRatio: each.kv,
          },
        },
      ),
    );

const fleetArbitrary = fc.tuple(
  stateArbitrary('a'),
  stateArbitrary('b'),
  stateArbitrary('c'),
  stateArbitrary('d'),
);

const rankOf = (result: Award | Refusal): string[] =>
  isRefusal(result) ? [] : result.ranked.map(({ instance }) => instance.id);

describe('the auction', () => {
  test('no bid’s rank depends on an irrelevant third', () => {
    const request = fc.record({ fleet: fleetArbitrary, limits: limitsArbitrary });
    fc.assert(
      fc.property(request, fc.nat(3), ({ fleet, limits }, gone) => {
        const mandate = mandateOf({ objective: OBJECTIVE, limits });
        const run = (states: readonly InstanceState[]): string[] =>
          rankOf(awardBids(quoteBids(workloadOf(), mandate, viewOf(states), house), mandate));
        const without = fleet.filter((_, i) => i !== gone);
        const left = run(fleet).filter((id) => id !== fleet[gone]!.instance.id);
        expect(run(without)).toEqual(left);
      }),
    );
  });

  test('no bid outside a limit, and none with an unknown that a limit needs, ever wins', () => {
    const bids = fc.tuple(quoteArbitrary('a'), quoteArbitrary('b'), quoteArbitrary('c'));
    fc.assert(
      fc.property(bids, limitsArbitrary, (quotes, limits) => {
        const mandate = mandateOf({ objective: OBJECTIVE, limits });
        const bids = quotes.map(({ quote, accuracy }) => scored(quote, accuracy, mandate));
        const result = awardBids({ bids, excluded: [] }, mandate);
        const z = { 0.5: 0, 0.9: 1.2815515, 0.99: 2.3263478 }[limits.quantile]!;
        const isOver = (value: Estimate | null, max: number | null): boolean =>
          max !== null &&
          (value === null || value.mean + z * value.deviation > max * (1 + 1e-6) + 1e-6);
        for (const bid of isRefusal(result) ? [] : result.ranked) {
          expect(isOver(bid.costUsd, limits.maxCostUsd)).toBe(false);
          expect(isOver(bid.ttftMs, limits.maxTtftMs)).toBe(false);
          expect(isOver(bid.latencyMs, limits.maxLatencyMs)).toBe(false);
          expect(isOver(bid.energyJoules, limits.maxEnergyJoules)).toBe(false);
          if (limits.minAccuracy === null) continue;
          expect(bid.accuracy).not.toBeNull();
          const low = bid.accuracy!.mean - z * bid.accuracy!.deviation;
          expect(low).toBeGreaterThanOrEqual(limits.minAccuracy - 1e-6);
        }
        const ranked = isRefusal(result) ? [] : result.ranked;
        const out = isRefusal(result) ? bids.length : result.excluded.length;
        expect(ranked.length + out).toBe(bids.length);
      }),
    );
  });

  test('whom a constraint bars, who is down or whose circuit is open never wins', () => {
    const barred = fc.subarray(['a', 'b', 'c', 'd']);
    fc.assert(
      fc.property(fleetArbitrary, barred, barred, (fleet, forbidden, open) => {
        const mandate = mandateOf({ rules: [ruleAgainst(...forbidden)] });
        const quotes = quoteBids(workloadOf(), mandate, viewOf(fleet, { open }), house);
        const down = fleet.filter(({ lifecycle }) => lifecycle === 'down');
        const out = [...forbidden, ...open, ...down.map(({ instance }) => instance.id)];
        for (const id of rankOf(awardBids(quotes, mandate))) expect(out).not.toContain(id);
      }),
    );
  });

  test('the same request gets the same answer, whatever the order of the fleet', () => {
    fc.assert(
      fc.property(fleetArbitrary, (fleet) => {
        const mandate = mandateOf({ objective: OBJECTIVE });
        const run = (states: readonly InstanceState[]): Bid[] => {
          const result = awardBids(
            quoteBids(workloadOf(), mandate, viewOf(states), house),
            mandate,
          );
          return isRefusal(result) ? [] : [...result.ranked];
        };
        expect(run(fleet)).toEqual(run(fleet.toReversed()));
      }),
    );
  });

  test('a large fleet is ranked like a small one', () => {
    const fleet = fc
      .integer({ min: 1, max: 40 })
      .chain((count) =>
        fc.tuple(...Array.from({ length: count }, (_, i) => quoteArbitrary(`i-${i}`))),
      );
    fc.assert(
      fc.property(fleet, (quotes) => {
        const bids = quotes.map(({ quote, accuracy }) => scored(quote, accuracy, mandateOf()));
        const { ranked } = awardBids({ bids, excluded: [] }, mandateOf()) as Award;
        const key = ({ score, instance }: Bid): [number, string] => [score, instance.id];
        const expected = bids.map(key).toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : 1));
        expect(ranked.map(key)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  test('equal bids are ranked by their instances', () => {
    const model = modelOf('m');
    const states = ['c', 'a', 'b'].map((id) => stateOf(instanceOf(id, { model })));
    const result = awardBids(
      quoteBids(workloadOf(), mandateOf(), viewOf(states), house),
      mandateOf(),
    );
    expect(rankOf(result)).toEqual(['a', 'b', 'c']);
  });
});

describe('the score', () => {
  test('is the sum of its terms, and each term rises with its quantity', () => {
    const mandate = mandateOf({
      objective: OBJECTIVE,
      limits: { ...NO_LIMITS, maxLatencyMs: 20_000 },
    });
    fc.assert(
      fc.property(quoteArbitrary('a'), amount(10), ({ quote, accuracy }, more) => {
        const bid = scored(quote, accuracy, mandate);
        const sum = Object.values(bid.terms).reduce((total, term) => total + term, 0);
        expect(bid.score).toBeCloseTo(sum, 9);
        const worse = (changes: Partial<Quote>, by: Estimate | null = accuracy): void => {
          const { score } = scored({ ...quote, ...changes }, by, mandate);
          expect(score).toBeGreaterThanOrEqual(bid.score - 1e-9);
        };
        const add = ({ mean, deviation }: Estimate): Estimate => ({ mean: mean + more, deviation });
        if (quote.costUsd !== null) worse({ costUsd: add(quote.costUsd) });
        if (quote.energyJoules !== null) worse({ energyJoules: add(quote.energyJoules) });
        worse({ latencyMs: add(quote.latencyMs) });
        worse({ latencyMs: { ...quote.latencyMs, deviation: quote.latencyMs.deviation + more } });
        if (accuracy !== null) {
          worse({}, { ...accuracy, mean: Math.max(0, accuracy.mean - more) });
        }
      }),
    );
  });

  test('in the units of DESIGN §5', () => {
    const quote: Quote = {
      instance: instanceOf('a'),
      costUsd: { mean: 0.002, deviation: 0 },
      waitMs: 0,
      ttftMs: { mean: 100, deviation: 0 },
      latencyMs: { mean: 3_000, deviation: 0 },
      energyJoules: { mean: 500, deviation: 0 },
      loadPrice: 1,
      promptTokens: 100,
      cachedTokens: 0,
      outputTokens: { mean: 100, deviation: 0 },
    };
    const limits = { ...NO_LIMITS, maxLatencyMs: 1_000 };
    const bid = scored(quote, { mean: 0.8, deviation: 0 }, { objective: OBJECTIVE, limits });
    expect(bid.terms.cost).toBe(0.002);
    expect(bid.terms.time).toBeCloseTo(0.003, 12);
    expect(bid.terms.error).toBeCloseTo(0.002, 12);
    expect(bid.terms.energy).toBeCloseTo(0.0005, 12);
    expect(bid.terms.lateness).toBeCloseTo(0.002, 12);
    expect(bid.terms.switching).toBe(0);
    const unsure = { ...quote, latencyMs: { mean: 1_000, deviation: 1_000 } };
    const late = scored(unsure, null, { objective: OBJECTIVE, limits }).terms.lateness;
    expect(late).toBeCloseTo(0.001 / Math.sqrt(2 * Math.PI), 12);
  });

  test('what is unknown stays null and is scored as dear', () => {
    const known = modelOf('known');
    const unknown = modelOf('unknown', {
      price: null,
      power: null,
      accuracy: { default: null, byDomain: new Map() },
    });
    const states = [known, unknown].map((model) => stateOf(instanceOf(model.id, { model })));
    const { bids } = quoteBids(workloadOf(), mandateOf(), viewOf(states), house);
    const [a, b] = bids as [Bid, Bid];
    expect([b.costUsd, b.accuracy, b.energyJoules]).toEqual([null, null, null]);
    expect(b.terms.cost).toBeGreaterThan(a.terms.cost);
    expect(b.terms.error).toBeGreaterThan(a.terms.error);
    expect(b.terms.energy).toBeGreaterThan(a.terms.energy);
    expect(Number.isFinite(b.score)).toBe(true);
  });
});
