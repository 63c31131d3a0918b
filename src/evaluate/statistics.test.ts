import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  areaUnderRoc,
  calibrationError,
  quantile,
  recallAtFalsePositiveRate,
  spearman,
} from './statistics.ts';

describe('statistics', () => {
  test('rank correlation, equal values sharing a rank', () => {
    expect(spearman([1, 2, 3, 4], [10, 20, 30, 40])).toBeCloseTo(1, 12);
    expect(spearman([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 12);
    // scipy.stats.spearmanr([1, 2, 2, 3], [1, 3, 2, 4])
    expect(spearman([1, 2, 2, 3], [1, 3, 2, 4])).toBeCloseTo(0.9486832980505139, 12);
    expect(spearman([1, 1], [1, 2])).toBeNull();
  });

  test('the area under the curve is the share of pairs in order', () => {
    const item = fc.record({ score: fc.integer({ min: 0, max: 5 }), isPositive: fc.boolean() });
    fc.assert(
      fc.property(fc.array(item, { minLength: 2, maxLength: 30 }), (items) => {
        const positives = items.filter(({ isPositive }) => isPositive);
        const negatives = items.filter(({ isPositive }) => !isPositive);
        const found = areaUnderRoc(
          items.map(({ score }) => score),
          items.map(({ isPositive }) => isPositive),
        );
        if (positives.length === 0 || negatives.length === 0) return found === null;
        let won = 0;
        for (const a of positives) {
          for (const b of negatives) won += a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0;
        }
        return Math.abs(found! - won / positives.length / negatives.length) < 1e-9;
      }),
    );
  });

  test('recall where at most a share of the negatives is above', () => {
    const scores = [0.9, 0.8, 0.3, 0.7, 0.1];
    const isPositive = [true, true, true, false, false];
    expect(recallAtFalsePositiveRate(scores, isPositive, 0.01)).toBeCloseTo(2 / 3, 9);
    expect(recallAtFalsePositiveRate(scores, isPositive, 0.5)).toBe(1);
    expect(recallAtFalsePositiveRate([1], [true], 0.01)).toBeNull();
  });

  test('calibration error and quantiles', () => {
    expect(calibrationError([0.9, 0.9], [true, false])).toBeCloseTo(0.4, 9);
    expect(calibrationError([1, 0], [true, false])).toBe(0);
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([1, 2], 0.25)).toBe(1.25);
  });
});
