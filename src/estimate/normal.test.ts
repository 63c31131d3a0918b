import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectedOverrun, normalCdf, normalQuantile } from './normal.ts';

describe('the normal distribution', () => {
  test('agrees with the tables', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 14);
    expect(normalCdf(1)).toBeCloseTo(0.841344746068543, 13);
    expect(normalCdf(-3)).toBeCloseTo(0.00134989803163, 14);
    expect(normalCdf(-8) / 6.220960574e-16).toBeCloseTo(1, 7);
    expect(normalQuantile(0.9)).toBeCloseTo(1.2815515655446, 8);
    expect(normalQuantile(0.99)).toBeCloseTo(2.3263478740408, 8);
    expect(normalQuantile(0.5)).toBe(0);
  });

  test('the quantile inverts the distribution', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true }), (p) => {
        expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 8);
      }),
    );
  });

  test('is defined everywhere', () => {
    expect([normalCdf(-Infinity), normalCdf(Infinity), normalCdf(1e300)]).toEqual([0, 1, 1]);
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
  });
});

describe('the expected overrun', () => {
  test('agrees with the integral it stands for', () => {
    const [mean, deviation, limit] = [900, 300, 1000];
    let sum = 0;
    for (let x = limit; x < limit + 10 * deviation; x += 0.5) {
      const z = (x - mean) / deviation;
      sum += ((x - limit) * Math.exp(-0.5 * z * z) * 0.5) / (deviation * Math.sqrt(2 * Math.PI));
    }
    expect(expectedOverrun(mean, deviation, limit)).toBeCloseTo(sum, 1);
  });

  test('without deviation it is the plain excess', () => {
    expect(expectedOverrun(1500, 0, 1000)).toBe(500);
    expect(expectedOverrun(500, 0, 1000)).toBe(0);
  });

  test('grows with the mean and with the deviation, and never falls below the plain excess', () => {
    const amount = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(amount, amount, amount, amount, (mean, deviation, limit, more) => {
        const overrun = expectedOverrun(mean, deviation, limit);
        const slack = 1e-6 * (1 + mean + deviation + limit + more);
        expect(overrun).toBeGreaterThanOrEqual(Math.max(0, mean - limit) - slack);
        expect(expectedOverrun(mean + more, deviation, limit)).toBeGreaterThanOrEqual(
          overrun - slack,
        );
        expect(expectedOverrun(mean, deviation + more, limit)).toBeGreaterThanOrEqual(
          overrun - slack,
        );
      }),
    );
  });
});
