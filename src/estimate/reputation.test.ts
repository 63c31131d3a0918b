import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reputation } from '../contract/index.ts';
import { GOOD_REPUTATION, inflationAt, inflationOf } from './reputation.ts';
import { observePromise, reputationAt } from './reputation.ts';

const RULE = { alpha: 0.05, graceRatio: 1.1 };
const MINUTE = 60_000;

/** Comes due `count` times with the same result, at one moment. */
function repeated(count: number, isKept: boolean, ratio: number | null, atMs = 0): Reputation {
  let reputation: Reputation = { ...GOOD_REPUTATION, atMs };
  for (let i = 0; i < count; i++) {
    reputation = observePromise(reputation, { isKept, ratio, atMs }, RULE);
  }
  return reputation;
}

describe('reputation', () => {
  test('within the grace, and early, is kept', () => {
    expect(inflationOf(repeated(50, true, 1.1))).toBe(1);
    expect(inflationOf(repeated(50, true, 0.1))).toBe(1);
    expect(inflationOf(repeated(50, true, 1.2))).toBeGreaterThan(1.15);
  });

  test('failures raise the correction up to a ceiling', () => {
    expect(inflationOf(repeated(1, false, null))).toBeCloseTo(1 / 0.95, 6);
    expect(inflationOf(repeated(5_000, false, null))).toBeLessThanOrEqual(10);
  });

  test('recovers by good outcomes', () => {
    let reputation = repeated(60, false, null);
    for (let i = 0; i < 100; i++) {
      reputation = observePromise(reputation, { isKept: true, ratio: 1, atMs: 0 }, RULE);
    }
    expect(inflationOf(reputation)).toBeLessThan(1.01);
  });

  test('recovers by time, and a clock that jumps back changes nothing', () => {
    const bad = repeated(60, false, 5, 1_000 * MINUTE);
    expect(inflationOf(reputationAt(bad, 1_005 * MINUTE))).toBeLessThan(inflationOf(bad));
    expect(inflationOf(reputationAt(bad, 1_120 * MINUTE))).toBeCloseTo(1, 3);
    expect(reputationAt(bad, 900 * MINUTE)).toBe(bad);
  });

  test('the inflation at a moment is that of the reputation at that moment', () => {
    const reputation = fc.record({
      latencyRatio: fc.double({ min: 1, max: 10, noNaN: true }),
      failureRatio: fc.double({ min: 0, max: 1, noNaN: true }),
      observations: fc.nat(),
      atMs: fc.nat(1e9),
    });
    fc.assert(
      fc.property(
        fc.oneof(reputation, fc.constant(GOOD_REPUTATION)),
        fc.nat(1e9),
        (each, nowMs) => {
          expect(inflationAt(each, nowMs)).toBe(inflationOf(reputationAt(each, nowMs)));
        },
      ),
    );
  });

  test('its numbers stay in range for any history', () => {
    const promise = fc.record({
      isKept: fc.boolean(),
      ratio: fc.option(fc.double()),
      atMs: fc.double({ min: -1e15, max: 1e15, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(promise, { maxLength: 60 }), (promises) => {
        const end = promises.reduce(
          (known, each) => observePromise(known, each, RULE),
          GOOD_REPUTATION,
        );
        expect(end.latencyRatio).toBeGreaterThanOrEqual(1);
        expect(end.latencyRatio).toBeLessThanOrEqual(10);
        expect(end.failureRatio).toBeGreaterThanOrEqual(0);
        expect(end.failureRatio).toBeLessThanOrEqual(1);
        expect(end.observations).toBe(promises.length);
      }),
    );
  });
});
