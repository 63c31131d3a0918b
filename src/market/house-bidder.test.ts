import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  Beliefs,
  FittedLine,
  InstanceTiming,
  Mandate,
  Model,
  Quote,
  Telemetry,
} from '../contract/index.ts';
import { NO_BELIEFS } from '../contract/index.ts';
import type { Workload } from '../contract/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import { createHouseBidder, HouseBidder } from './house-bidder.ts';
import { instanceOf, mandateOf, modelOf, stateOf, viewOf, workloadOf } from './fixtures/request.ts';

interface Situation {
  readonly workload?: Partial<Workload>;
  readonly mandate?: Partial<Mandate>;
  readonly model?: Partial<Model>;
  readonly telemetry?: Partial<Telemetry>;
  readonly beliefs?: Beliefs;
  readonly inFlight?: number;
}

function quoteIn(situation: Situation = {}): Quote {
  const { workload, mandate, model, telemetry, beliefs, inFlight } = situation;
  const instance = instanceOf('a', { model: modelOf('m', model), maxRunning: 8 });
  const view = viewOf([stateOf(instance, telemetry === undefined ? {} : { telemetry })], {
    beliefs: beliefs ?? NO_BELIEFS,
    inFlight: { a: inFlight ?? 0 },
  });
  return createHouseBidder().quote(workloadOf(workload), mandateOf(mandate), instance, view)!;
}

const warm = (mean: number) => ({ mean, variance: 0, weight: 40 });
const fitted = (...coefficients: number[]): FittedLine => {
  const covariance = coefficients.flatMap((_, i) => coefficients.map((_, j) => (i === j ? 1 : 0)));
  return { coefficients, covariance, spread: 0.05, tail: 1.28, drift: 0, weight: 40 };
};
/** 50 ms, 10 000 prompt tokens per second, 10 ms per token, and 5 s for a turn of the queue. */
const TIMING: InstanceTiming = {
  ttftMs: fitted(50, 0, 100, 100, 0, 5_000),
  perTokenMs: fitted(10, 4, 0),
  cachedRatio: warm(0.5),
};
const BELIEFS: Beliefs = {
  ...NO_BELIEFS,
  timing: new Map([['a' as InstanceId, TIMING]]),
  outputTokens: new Map([['m|chat|single|balanced', warm(101)]]),
};

describe('the house bidder', () => {
  test('quotes the closed-form prior while cold', () => {
    const quote = quoteIn();
    expect(quote).toMatchObject({ promptTokens: 100, cachedTokens: 0, waitMs: 0, loadPrice: 1 });
    expect(quote.ttftMs.mean).toBeCloseTo(150 + 20, 6);
    expect(quote.latencyMs.mean).toBeCloseTo(170 + 249 * 20, 6);
    expect(quote.latencyMs.deviation).toBeGreaterThan(2_000);
  });

  test('quotes what was learned: (p − c)·r_in + c·r_cached + o·r_out', () => {
    const quote = quoteIn({ beliefs: BELIEFS });
    expect(quote.cachedTokens).toBe(50);
    expect(quote.ttftMs.mean).toBeCloseTo(55, 6);
    expect(quote.latencyMs.mean / 1055).toBeCloseTo(1, 1);
    const usd = (50 * 600_000 + 50 * 60_000 + quote.outputTokens.mean * 800_000) / 1e12;
    expect(quote.costUsd!.mean).toBeCloseTo(usd, 15);
  });

  test('what is unknown is null, never zero', () => {
    const quote = quoteIn({ model: { price: null, power: null } });
    expect([quote.costUsd, quote.energyJoules]).toEqual([null, null]);
  });

  test('the smallest of the ceilings caps the answer', () => {
    const tokens = (situation: Situation): number => quoteIn(situation).outputTokens.mean;
    const injection = { systemPrompt: null, reasoning: null, maxOutputTokens: 20, fields: [] };
    expect(tokens({ workload: { outputCeilingTokens: 30 } })).toBe(30);
    expect(tokens({ workload: { outputCeilingTokens: 30 }, mandate: { injection } })).toBe(20);
    expect(tokens({ mandate: { injection }, model: { maxOutputTokens: 10 } })).toBe(10);
  });

  test('several answers cost several times, and run side by side', () => {
    const [one, three] = [quoteIn(), quoteIn({ workload: { choices: 3 } })];
    expect(three.outputTokens.mean).toBe(3 * one.outputTokens.mean);
    expect(three.latencyMs).toEqual(one.latencyMs);
  });

  test('an embedding has no output and takes the time of its prompt', () => {
    const quote = quoteIn({ workload: { surface: 'embeddings' } });
    expect(quote.outputTokens).toEqual({ mean: 0, deviation: 0 });
    expect(quote.latencyMs).toEqual(quote.ttftMs);
  });

  test('the queue lengthens the time and raises the price', () => {
    const busy = { runningRequests: 8, waitingRequests: 8, kvUsageRatio: 0.9 };
    const [idle, queued] = [quoteIn(), quoteIn({ telemetry: busy })];
    expect(queued.waitMs).toBeGreaterThan(5_000);
    expect(queued.ttftMs.mean - idle.ttftMs.mean - queued.waitMs).toBeGreaterThan(0);
    expect(queued.ttftMs.deviation).toBeGreaterThan(idle.ttftMs.deviation);
    expect(queued.costUsd!.mean).toBeCloseTo(idle.costUsd!.mean * queued.loadPrice, 12);
    expect(queued.loadPrice).toBeGreaterThan(2);
  });

  test('its own requests count before the next poll sees them', () => {
    expect(quoteIn({ inFlight: 20 }).waitMs).toBeGreaterThan(0);
    expect(quoteIn({ inFlight: 3, telemetry: { runningRequests: 3 } }).waitMs).toBe(0);
  });

  test('what it has dispatched since the poll is added, and what has ended is taken away', () => {
    const bidder = new HouseBidder();
    const instance = instanceOf('a', { model: modelOf('m'), maxRunning: 8 });
    const state = { ...stateOf(instance, { telemetry: { runningRequests: 6 } }), observedAtMs: 1 };
    const batchIn = (inFlight: number, observedAtMs = 1): number => {
      const view = viewOf([{ ...state, observedAtMs }], { inFlight: { a: inFlight } });
      return bidder.quote(workloadOf(), mandateOf(), instance, view).occupancy!.batch;
    };
    // Two of the six are its own; another snapshot with the same poll changes nothing of that.
    expect([batchIn(2), batchIn(3), batchIn(0), batchIn(2)]).toEqual([7, 8, 5, 7]);
    // In a new poll that still counts six, all of its own are among them.
    expect(batchIn(3, 2)).toBe(7);
  });

  test('prompts that are not computed yet lengthen the time to the first token', () => {
    const instance = instanceOf('a', { model: modelOf('m') });
    const ttftMs = (pendingTokens: number): number => {
      const changes = { beliefs: BELIEFS, pendingTokens: { a: pendingTokens } };
      const view = viewOf([stateOf(instance)], changes);
      return createHouseBidder().quote(workloadOf(), mandateOf(), instance, view)!.ttftMs.mean;
    };
    expect(ttftMs(2_000) - ttftMs(0)).toBeCloseTo(200, 6);
  });

  test('a fuller batch makes a token take less energy', () => {
    const lone = quoteIn().energyJoules!.mean;
    const shared = quoteIn({ telemetry: { runningRequests: 6 } }).energyJoules!.mean;
    expect(shared).toBeLessThan(lone / 2);
  });

  test('an injected system prompt counts as prompt', () => {
    const systemPrompt = { mode: 'prepend', text: 'x'.repeat(4_000) } as const;
    const injection = { systemPrompt, reasoning: null, maxOutputTokens: null, fields: [] };
    expect(quoteIn({ mandate: { injection } }).promptTokens).toBe(1_100);
  });

  test('one bidder quotes many requests as a fresh one would', () => {
    const bidder = createHouseBidder();
    const instance = instanceOf('a', { model: modelOf('m') });
    const request = fc.record({
      promptBytes: fc.constantFrom(10, 400, 9_000),
      choices: fc.constantFrom(1, 2),
      surface: fc.constantFrom('chat' as const, 'embeddings' as const),
      isWarm: fc.boolean(),
      running: fc.constantFrom(0, 70),
    });
    fc.assert(
      fc.property(request, ({ isWarm, running, ...workload }) => {
        const state = stateOf(instance, { telemetry: { runningRequests: running } });
        const view = viewOf([state], { beliefs: isWarm ? BELIEFS : NO_BELIEFS });
        const asked = [workloadOf(workload), mandateOf(), instance, view] as const;
        expect(bidder.quote(...asked)).toEqual(createHouseBidder().quote(...asked));
      }),
    );
  });
});
