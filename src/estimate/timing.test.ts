import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { InstanceTiming } from '../contract/index.ts';
import { COLD_TIMING, expectedServiceTime, observeRequest, paceOf } from './timing.ts';
import type { TimedRequest } from './timing.ts';

/** An instance with 40 ms of base, 10 000 tokens per second of prefill, 12 ms per token. */
function timed(promptTokens: number, changes: Partial<TimedRequest> = {}): TimedRequest {
  const ttftMs = 40 + promptTokens / 10;
  return {
    ttftMs,
    totalMs: ttftMs + 12 * 99,
    perTokenMs: 12,
    waitMs: 0,
    promptTokens,
    cachedTokens: 0,
    outputTokens: 100,
    hasUsage: true,
    ...changes,
  };
}

function learned(requests: readonly TimedRequest[]): InstanceTiming {
  return requests.reduce(observeRequest, COLD_TIMING);
}

const mixed = (count: number, changes: Partial<TimedRequest> = {}): TimedRequest[] =>
  Array.from({ length: count }, (_, i) => timed(i % 2 === 0 ? 50 : 4_000, changes));

describe('the timing of an instance', () => {
  test('tells base, prefill rate and time per token apart', () => {
    const timing = learned(mixed(200));
    expect(timing.ttftBaseMs!.mean).toBeCloseTo(40, 0);
    expect(timing.prefillTokensPerSecond!.mean / 10_000).toBeCloseTo(1, 1);
    const { ttftMs, perTokenMs } = expectedServiceTime(paceOf(timing), 2_000);
    expect(ttftMs).toBeGreaterThan(230);
    expect(ttftMs).toBeLessThan(250);
    expect(perTokenMs).toBeCloseTo(12, 0);
  });

  test('does not take the queue for the instance', () => {
    const queued = mixed(200).map((each) => ({ ...each, waitMs: 30, ttftMs: each.ttftMs! + 30 }));
    expect(learned(queued).ttftBaseMs!.mean).toBeCloseTo(40, 0);
  });

  test('learns nothing of the base from a time that was mostly queue', () => {
    const before = learned(mixed(20));
    const after = observeRequest(before, timed(50, { ttftMs: 900, waitMs: 700 }));
    expect(after.ttftBaseMs).toBe(before.ttftBaseMs);
  });

  test('finds the time per token of answers that arrive whole', () => {
    const timing = learned(mixed(300, { ttftMs: null, perTokenMs: null }));
    expect(timing.ttftBaseMs).toBeNull();
    expect(timing.perTokenMs!.mean).toBeGreaterThan(8);
    expect(timing.perTokenMs!.mean).toBeLessThan(14);
  });

  test('an answer of no tokens takes as long as its first', () => {
    const embedding = timed(50, { ttftMs: null, perTokenMs: null, totalMs: 15, outputTokens: 0 });
    expect(learned(Array<TimedRequest>(50).fill(embedding)).ttftBaseMs!.mean).toBeCloseTo(5, 0);
  });

  test('the cached share comes from reported usage only', () => {
    const hit = timed(100, { cachedTokens: 80 });
    expect(paceOf(learned([hit, hit])).cachedRatio).toBeCloseTo(0.8, 9);
    expect(paceOf(learned([{ ...hit, hasUsage: false }])).cachedRatio).toBe(0);
    expect(paceOf(COLD_TIMING).cachedRatio).toBe(0);
  });

  test('one stray measurement does not upset a warm estimate', () => {
    const warm = learned(mixed(100));
    const after = observeRequest(warm, timed(50, { ttftMs: 3_600_000, perTokenMs: 60_000 }));
    expect(after.ttftBaseMs!.mean).toBeLessThan(2 * warm.ttftBaseMs!.mean);
    expect(after.perTokenMs!.mean).toBeLessThan(2 * warm.perTokenMs!.mean);
  });

  test('every prediction stays finite and not negative for any history', () => {
    const wild = fc.oneof(fc.double(), fc.constantFrom(0, -1, 1e308, Number.NaN, Infinity));
    const request = fc.record({
      ttftMs: fc.option(wild),
      totalMs: wild,
      perTokenMs: fc.option(wild),
      waitMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
      promptTokens: wild,
      cachedTokens: wild,
      outputTokens: wild,
      hasUsage: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 20 }), fc.nat(1e6), (requests, uncached) => {
        const timing = learned(requests);
        const time = expectedServiceTime(paceOf(timing), uncached);
        for (const value of Object.values(time)) {
          expect(Number.isFinite(value) && value >= 0).toBe(true);
        }
        expect(paceOf(timing).cachedRatio).toBeGreaterThanOrEqual(0);
        expect(paceOf(timing).cachedRatio).toBeLessThanOrEqual(1);
      }),
    );
  });
});
