import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LOG_PRICE_MAX, paceAt, paceFollowing, shadowPrice, UNPACED } from './pacing.ts';
import type { SpendingPace } from './pacing.ts';

const at = (elapsedRatio: number, spentRatio: number) => ({ elapsedRatio, spentRatio });

describe('the pace of spending', () => {
  test('a lead over the schedule has a price at once, and a lasting one is learned', () => {
    const first = paceAt({ ...UNPACED, elapsedRatio: 0.5 }, at(0.5, 0.51));
    expect(first).toEqual({ learned: 0, logPrice: expect.closeTo(4, 9), elapsedRatio: 0.5 });
    const second = paceAt(first, at(0.51, 0.52));
    expect(second.learned).toBeGreaterThan(0.8);
    expect(second.logPrice).toBeGreaterThan(first.logPrice);
  });

  test('behind the schedule there is no price, and none is saved up for later', () => {
    let pace = UNPACED;
    for (let f = 0; f < 0.9; f += 0.01) pace = paceAt(pace, at(f, f / 2));
    expect(pace.logPrice).toBe(0);
    expect(paceAt(pace, at(0.9, 0.91)).logPrice).toBeGreaterThan(10);
  });

  test('a period begins with what the last one learned', () => {
    const learned = { learned: 3, logPrice: 9, elapsedRatio: 1 };
    expect(paceFollowing(learned)).toEqual({ learned: 3, logPrice: 3, elapsedRatio: 0 });
  });

  test('prices are nothing at the start, and grow by e per e-fold beyond it', () => {
    expect(shadowPrice('usd', UNPACED)).toBe(0);
    const price = (logPrice: number) => shadowPrice('tokens', { ...UNPACED, logPrice });
    expect(price(10) / price(9)).toBeCloseTo(Math.E, 3);
    expect(shadowPrice('usd', { ...UNPACED, logPrice: LOG_PRICE_MAX })).toBeLessThan(1e7);
  });

  test('stays within its bounds and rises with the lead, whatever the clock and the spending do', () => {
    const ratio = fc.double({ min: 0, max: 1, noNaN: true });
    const spent = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(ratio, spent), { minLength: 1 }), (looks) => {
        let pace: SpendingPace = UNPACED;
        for (const [f, x] of looks) {
          const more = paceAt(pace, at(f, x * 1.01 + 0.01));
          pace = paceAt(pace, at(f, x));
          for (const value of [pace.learned, pace.logPrice]) {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThanOrEqual(LOG_PRICE_MAX);
          }
          expect(more.logPrice).toBeGreaterThanOrEqual(pace.logPrice);
        }
      }),
    );
  });
});
