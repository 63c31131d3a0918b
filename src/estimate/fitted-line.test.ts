import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from '../kernel/index.ts';
import type { FittedLine } from '../contract/index.ts';
import { lineOf, lineVariance, NORMAL_P90, observeOnLine, valueAt } from './fitted-line.ts';
import type { LinePrior } from './fitted-line.ts';

const PRIOR: LinePrior = {
  means: [10, 10, 10],
  deviations: [50, 50, 50],
  spread: 0.5,
  floor: 1,
  halfLife: 100,
};
const COLD = lineOf(PRIOR);

interface Point {
  readonly features: readonly number[];
  readonly value: number;
}

/** Values of a known line, with a relative error that is normal. */
function points(count: number, truth: readonly number[], error = 0, seed = 3): Point[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => {
    const features = [1, rng.next() * 4, rng.next()];
    const level = features.reduce((sum, each, i) => sum + each * truth[i]!, 0);
    const radius = Math.sqrt(-2 * Math.log(1 - rng.next()));
    const normal = radius * Math.cos(2 * Math.PI * rng.next());
    return { features, value: level * (1 + error * normal) };
  });
}

const learn = (line: FittedLine, given: readonly Point[]): FittedLine =>
  given.reduce((known, { features, value }) => observeOnLine(known, features, value, PRIOR), line);

describe('a fitted line', () => {
  test('finds known coefficients, whatever they are', () => {
    const truth = fc.array(fc.double({ min: 1, max: 100, noNaN: true }), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(truth, fc.nat(1_000), (coefficients, seed) => {
        const line = learn(COLD, points(150, coefficients, 0, seed));
        for (const { features, value } of points(20, coefficients, 0, seed + 1)) {
          expect(Math.abs(valueAt(line, features) / value - 1)).toBeLessThan(0.1);
        }
      }),
    );
  });

  test('is the prior before anything was observed, and not certain of it', () => {
    expect(valueAt(COLD, [1, 2, 0])).toBe(30);
    expect(lineVariance(COLD, [1, 2, 0])).toBe(50 ** 2 * 5);
  });

  test('forgets: it follows a change of all coefficients', () => {
    const before = learn(COLD, points(400, [20, 30, 40], 0.05));
    const after = learn(before, points(200, [60, 90, 120], 0.05, 9));
    expect(valueAt(after, [1, 2, 0.5]) / 300).toBeCloseTo(1, 1);
  });

  test('its p90 is passed by one value in ten, also where errors are lopsided', () => {
    const rng = createRng(5);
    const sample = (): Point => ({
      features: [1, rng.next(), 0],
      value: 100 * (0.8 - 0.2 * Math.log(1 - rng.next())),
    });
    let line = COLD;
    let below = 0;
    for (let i = 0; i < 6_000; i++) {
      const { features, value } = sample();
      const mean = valueAt(line, features);
      const noise = Math.sqrt((line.spread * mean) ** 2 + lineVariance(line, features));
      if (i >= 1_000 && value <= mean + line.tail * noise) below++;
      line = observeOnLine(line, features, value, PRIOR);
    }
    expect(below / 5_000).toBeGreaterThan(0.88);
    expect(below / 5_000).toBeLessThan(0.92);
    expect(line.tail).toBeGreaterThan(NORMAL_P90);
  });

  test('one stray value does not upset it', () => {
    const warm = learn(COLD, points(200, [20, 30, 40], 0.1));
    const after = observeOnLine(warm, [1, 2, 0.5], 1e7, PRIOR);
    expect(valueAt(after, [1, 2, 0.5])).toBeLessThan(2 * valueAt(warm, [1, 2, 0.5]));
  });

  test('stays finite, not negative and no less certain than its prior, for any history', () => {
    const wild = fc.oneof(
      fc.double(),
      fc.double({ min: 0, max: 1e3, noNaN: true }),
      fc.constantFrom(0, -1, 1e308, Number.NaN, Infinity),
    );
    const history = fc.array(
      fc.record({ features: fc.array(wild, { minLength: 3, maxLength: 3 }), value: wild }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(history, (given) => {
        const line = learn(COLD, given);
        for (let i = 0; i < 3; i++) {
          expect(line.coefficients[i]).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(line.coefficients[i])).toBe(true);
          expect(line.covariance[i * 4]).toBeGreaterThan(0);
          expect(line.covariance[i * 4]).toBeLessThanOrEqual(50 ** 2 * (1 + 1e-9));
        }
        expect(lineVariance(line, [1, 1, 1])).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(lineVariance(line, [1, 1, 1]))).toBe(true);
        expect(line.spread).toBeGreaterThan(0);
        expect(line.tail).toBeGreaterThan(0);
      }),
    );
  });

  test('what varies with nothing keeps the certainty that it had', () => {
    let line = COLD;
    for (let i = 0; i < 2_000; i++) line = observeOnLine(line, [1, 0, 0], 25, PRIOR);
    expect(line.coefficients).toEqual([expect.closeTo(25, 3), 10, 10]);
    expect(line.covariance[4]).toBeCloseTo(50 ** 2, 6);
  });
});
