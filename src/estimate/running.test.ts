import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunningEstimate } from '../contract/index.ts';
import { expectedMean, expectedVariance, observe, withinFactor } from './running.ts';

const after = (values: readonly number[], halfLife = 32): RunningEstimate | null =>
  values.reduce<RunningEstimate | null>((known, value) => observe(known, value, halfLife), null);

describe('a running estimate', () => {
  test('is the mean and the variance while nothing is forgotten', () => {
    const estimate = after([2, 4, 4, 4, 5, 5, 7, 9], 1e12)!;
    expect(estimate.mean).toBeCloseTo(5, 9);
    expect(estimate.variance).toBeCloseTo(4, 9);
    expect(estimate.weight).toBeCloseTo(8, 9);
  });

  test('forgets: half of what is known is the last half-life', () => {
    const values = [...Array<number>(500).fill(10), ...Array<number>(32).fill(20)];
    expect(after(values)!.mean).toBeCloseTo(15, 1);
  });

  test('knows how little it has seen', () => {
    expect(after([5])!.weight).toBe(1);
    expect(after(Array<number>(5000).fill(5))!.weight).toBeCloseTo(1 / (1 - 2 ** (-1 / 32)), 3);
  });

  test('stays finite, and within what it saw, for any values', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { maxLength: 60 }), (values) => {
        const estimate = after(values);
        const seen = values
          .filter(Number.isFinite)
          .map((value) => Math.min(1e15, Math.max(-1e15, value)));
        if (seen.length === 0) {
          expect(estimate).toBeNull();
          return;
        }
        expect(Number.isFinite(estimate!.variance) && estimate!.variance >= 0).toBe(true);
        const slack = 1e-9 * Math.max(...seen.map(Math.abs));
        expect(estimate!.mean).toBeLessThanOrEqual(Math.max(...seen) + slack);
        expect(estimate!.mean).toBeGreaterThanOrEqual(Math.min(...seen) - slack);
      }),
    );
  });
});

describe('what to expect next', () => {
  const prior = { mean: 100, deviation: 100 };

  test('is the prior while cold, and the evidence when warm', () => {
    expect(expectedMean(null, prior)).toBe(100);
    expect(expectedVariance(null, prior)).toBe(10_000);
    const warm = after(Array<number>(200).fill(20));
    expect(expectedMean(warm, prior)).toBeCloseTo(20, 0);
    expect(Math.sqrt(expectedVariance(warm, prior))).toBeLessThan(4);
  });

  test('one observation is not believed like many', () => {
    const spread = (count: number): number =>
      Math.sqrt(expectedVariance(after(Array<number>(count).fill(20)), prior));
    expect(spread(1)).toBeGreaterThan(40);
    expect(spread(10)).toBeLessThan(spread(3));
    expect(expectedMean(after([20]), prior)).toBeGreaterThan(40);
  });
});

test('a stray value moves a warm estimate no further than the factor', () => {
  const warm = after(Array<number>(20).fill(10));
  expect(withinFactor(warm, 1e9, 4)).toBeCloseTo(40, 6);
  expect(withinFactor(warm, 0, 4)).toBeCloseTo(2.5, 6);
  expect(withinFactor(null, 1e9, 4)).toBe(1e9);
});
