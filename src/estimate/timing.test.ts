import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { InstanceTiming } from '../contract/index.ts';
import { COLD_TIMING, observeRequest, Pace } from './timing.ts';
import type { Situation, TimedRequest } from './timing.ts';

const IDLE: Situation = { batch: 1, turns: 0, pendingTokens: 0 };

/** 40 ms of base, 10 000 tokens per second of prefill, 12 ms per token and half a millisecond more for each neighbour. */
function timed(
  promptTokens: number,
  situation: Situation = IDLE,
  changes: Partial<TimedRequest> = {},
): TimedRequest {
  const { batch, turns, pendingTokens } = situation;
  const ttftMs = 40 + (promptTokens + pendingTokens) / 10 + 2_000 * turns;
  const perTokenMs = 12 + 0.5 * (batch - 1);
  return {
    ttftMs,
    totalMs: ttftMs + perTokenMs * 99,
    perTokenMs,
    situation,
    atMs: 0,
    promptTokens,
    cachedTokens: 0,
    outputTokens: 100,
    hasUsage: true,
    ...changes,
  };
}

const SITUATIONS: readonly Situation[] = [
  IDLE,
  { batch: 9, turns: 0, pendingTokens: 3_000 },
  { batch: 17, turns: 0, pendingTokens: 500 },
  { batch: 32, turns: 0.5, pendingTokens: 2_000 },
];

function mixed(count: number, changes: Partial<TimedRequest> = {}): TimedRequest[] {
  return Array.from({ length: count }, (_, i) =>
    timed([50, 4_000, 1_000][i % 3]!, SITUATIONS[i % 4], changes),
  );
}

function learned(requests: readonly TimedRequest[]): InstanceTiming {
  return requests.reduce(observeRequest, COLD_TIMING);
}

describe('the timing of an instance', () => {
  const pace = new Pace(learned(mixed(300)));

  test('tells base, prompt, prompts before it, batch and queue apart', () => {
    const about = (value: number, expected: number): void =>
      expect(Math.abs(value / expected - 1)).toBeLessThan(0.1);
    about(pace.ttftMs(IDLE, 2_000), 240);
    about(pace.ttftMs({ ...IDLE, pendingTokens: 1_500 }, 2_000), 390);
    about(pace.waitMs({ ...IDLE, turns: 0.25 }), 500);
    about(pace.perTokenMs({ ...IDLE, batch: 21 }), 22);
    about(pace.prefillMsPerToken(IDLE), 0.1);
  });

  test('what is known well deviates little, and a cold instance as much as it takes', () => {
    expect(Math.sqrt(pace.ttftVariance(IDLE, 2_000))).toBeLessThan(50);
    const cold = new Pace(COLD_TIMING);
    expect(Math.sqrt(cold.ttftVariance(IDLE, 100))).toBeGreaterThan(cold.ttftMs(IDLE, 100) / 2);
  });

  test('a wait is foretold of what ran beside it, not of a request alone', () => {
    const cold = new Pace(COLD_TIMING);
    expect(cold.waitMs({ ...IDLE, turns: 1 })).toBeGreaterThan(1_000);
    expect(cold.waitMs(IDLE)).toBe(0);
  });

  test('an instance that is three times slower is known for it after 60 requests', () => {
    const slow = mixed(60).map((each) => ({
      ...each,
      ttftMs: 3 * each.ttftMs!,
      perTokenMs: 3 * each.perTokenMs!,
    }));
    const after = new Pace(slow.reduce(observeRequest, learned(mixed(300))));
    expect(after.perTokenMs(IDLE)).toBeGreaterThan(2.5 * 12);
    expect(after.ttftMs(IDLE, 2_000)).toBeGreaterThan(2.3 * 240);
  });

  test('finds the time per token of answers that arrive whole', () => {
    const timing = learned(mixed(300, { ttftMs: null, perTokenMs: null }));
    expect(timing.ttftMs).toBeNull();
    expect(new Pace(timing).perTokenMs(IDLE)).toBeGreaterThan(8);
    expect(new Pace(timing).perTokenMs(IDLE)).toBeLessThan(14);
  });

  test('an answer of no tokens takes as long as its first', () => {
    const changes = { ttftMs: null, perTokenMs: null, totalMs: 15, outputTokens: 0 };
    const after = learned(Array<TimedRequest>(80).fill(timed(50, IDLE, changes)));
    expect(new Pace(after).ttftMs(IDLE, 50)).toBeCloseTo(15, 0);
  });

  test('a dispatch of which nobody knew the situation teaches the cached share alone', () => {
    const after = learned([timed(100, IDLE, { situation: null, cachedTokens: 50 })]);
    expect(after).toMatchObject({ ttftMs: null, perTokenMs: null, cachedRatio: { mean: 0.5 } });
  });

  test('the cached share comes from reported usage only', () => {
    const hit = timed(100, IDLE, { cachedTokens: 80 });
    expect(new Pace(learned([hit, hit])).cachedRatio).toBeCloseTo(0.8, 9);
    expect(new Pace(learned([{ ...hit, hasUsage: false }])).cachedRatio).toBe(0);
    expect(new Pace(COLD_TIMING).cachedRatio).toBe(0);
  });

  test('every prediction stays finite and not negative for any history', () => {
    const wild = fc.oneof(fc.double(), fc.constantFrom(0, -1, 1e308, Number.NaN, Infinity));
    const request = fc.record({
      ttftMs: fc.option(wild),
      totalMs: wild,
      perTokenMs: fc.option(wild),
      situation: fc.option(fc.record({ batch: wild, turns: wild, pendingTokens: wild })),
      promptTokens: wild,
      cachedTokens: wild,
      outputTokens: wild,
      hasUsage: fc.boolean(),
      atMs: wild,
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 20 }), fc.nat(1e6), (requests, uncached) => {
        const of = new Pace(learned(requests));
        const values = [
          of.ttftMs(IDLE, uncached),
          of.ttftVariance(IDLE, uncached),
          of.perTokenMs(IDLE),
          of.perTokenVariance(IDLE),
          of.prefillMsPerToken(IDLE),
          of.waitMs(IDLE),
        ];
        for (const value of values) expect(Number.isFinite(value) && value >= 0).toBe(true);
        expect(of.cachedRatio).toBeGreaterThanOrEqual(0);
        expect(of.cachedRatio).toBeLessThanOrEqual(1);
      }),
    );
  });
});
