import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { LengthHistogram } from '../contract/index.ts';
import { createRng } from '../kernel/index.ts';
import type { ModelId } from '../kernel/index.ts';
import {
  LENGTH_BINS,
  lengthQuantile,
  lengthsOf,
  logEstimateOf,
  observeLengths,
} from './answer-length.ts';
import { normalCdf, normalQuantile } from './normal.ts';

const HALF_LIFE = 512;
const learned = (lengths: readonly number[], ceiling = Infinity): LengthHistogram =>
  observeLengths(
    null,
    lengths.map((length) => ({ tokens: Math.min(length, ceiling), isCut: length > ceiling })),
    HALF_LIFE,
  );
const rng = createRng(3);
/** Log-normal lengths, as answers have them. */
const draw = (count: number, median: number, sigma: number): number[] =>
  Array.from({ length: count }, () =>
    Math.max(1, Math.round(median * Math.exp(sigma * normalQuantile(rng.next() || 0.5)))),
  );

describe('a quantile of lengths', () => {
  test.each([0.5, 0.9, 0.95, 0.99])('holds %s of the answers to come, and is not wasteful', (q) => {
    const limit = lengthQuantile(learned(draw(2_000, 150, 0.6)), null, q);
    const exact = 150 * Math.exp(0.6 * normalQuantile(q));
    const fresh = draw(4_000, 150, 0.6);
    const share = fresh.filter((length) => length <= limit).length / fresh.length;
    expect(share).toBeGreaterThan(q - 0.02);
    expect(limit).toBeLessThan(exact * 1.35);
  });

  test('answers of two kinds: no formula is assumed', () => {
    const lengths = Array.from({ length: 800 }, (_, i) => (i % 10 === 0 ? 3_000 : 5));
    expect(lengthQuantile(learned(lengths), null, 0.85)).toBeLessThanOrEqual(8);
    expect(lengthQuantile(learned(lengths), null, 0.95)).toBeGreaterThanOrEqual(3_000);
  });

  test('without observations it is that of the prior, within a bin', () => {
    const prior = { logMean: Math.log(100), logDeviation: 0.5 };
    const exact = 100 * Math.exp(0.5 * normalQuantile(0.95));
    const limit = lengthQuantile(null, prior, 0.95);
    expect(limit).toBeGreaterThanOrEqual(exact);
    expect(limit).toBeLessThan(exact * 1.2);
  });

  test('what is observed outweighs the prior', () => {
    const prior = { logMean: Math.log(4_000), logDeviation: 0.1 };
    expect(lengthQuantile(learned(draw(1_000, 40, 0.3)), prior, 0.95)).toBeLessThan(120);
  });

  test('a shift of the answers is followed', () => {
    const before = learned(draw(2_000, 50, 0.3));
    const longer = draw(2_000, 800, 0.3).map((tokens) => ({ tokens, isCut: false }));
    const after = observeLengths(before, longer, HALF_LIFE);
    expect(lengthQuantile(after, null, 0.95)).toBeGreaterThan(1_000);
  });

  test('answers that are cut count as longer, not as that long', () => {
    const lengths = draw(3_000, 150, 0.6);
    const exact = lengthQuantile(learned(lengths), null, 0.95);
    // Every other request comes with a ceiling of its own that cuts a good part of the answers.
    const answers = lengths.map((length, i) => {
      const ceiling = i % 2 === 0 ? 120 : Infinity;
      return { tokens: Math.min(length, ceiling), isCut: length > ceiling };
    });
    const mixed = observeLengths(null, answers, HALF_LIFE);
    const naive = learned(
      lengths.map((length, i) => (i % 2 === 0 ? Math.min(length, 120) : length)),
    );
    const off = (limit: number): number => Math.abs(Math.log(limit / exact));
    expect(off(lengthQuantile(mixed, null, 0.95))).toBeLessThan(0.2);
    expect(off(lengthQuantile(naive, null, 0.9))).toBeGreaterThan(
      off(lengthQuantile(mixed, null, 0.9)),
    );
  });
});

test('weights are finite, and no more than the half-life allows, for any lengths', () => {
  const observed = fc.record({
    tokens: fc.oneof(fc.nat(200_000), fc.double()),
    isCut: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(observed, { maxLength: 60 }),
      fc.double({ min: 0.5, max: 0.999, noNaN: true }),
      (given, q) => {
        const weights = observeLengths(null, given, HALF_LIFE);
        const oneByOne = given.reduce<LengthHistogram>(
          (before, each) => observeLengths(before, [each], HALF_LIFE),
          [],
        );
        for (let bin = 0; bin < LENGTH_BINS; bin++) {
          expect(weights[bin] ?? 0).toBeCloseTo(oneByOne[bin] ?? 0, 3);
        }
        expect(weights.length).toBeLessThanOrEqual(LENGTH_BINS);
        expect(weights.every((weight) => weight >= 0 && weight <= given.length + 1e-3)).toBe(true);
        const limit = lengthQuantile(weights, null, q);
        expect(limit).toBeGreaterThanOrEqual(8);
        expect(limit).toBeLessThanOrEqual(2 ** 17);
      },
    ),
  );
});

test('the narrowest kind that was observed counts', () => {
  const m = 'm' as ModelId;
  const beliefs = {
    ...NO_BELIEFS,
    answerLengths: new Map([
      ['m|chat|short', [1]],
      ['m|chat', [0, 2]],
      ['*|chat', [0, 0, 3]],
      ['*|*', [0, 0, 0, 4]],
    ]),
  };
  const of = (model: string, archetype: string, route: string): LengthHistogram | null =>
    lengthsOf({ model: model as ModelId, archetype, route }, beliefs);
  expect(of('m', 'chat', 'short')).toEqual([1]);
  expect(of('m', 'chat', 'other')).toEqual([0, 2]);
  expect(of('n', 'chat', 'short')).toEqual([0, 0, 3]);
  expect(of('n', 'agent', 'short')).toEqual([0, 0, 0, 4]);
  expect(lengthsOf({ model: m, archetype: 'chat', route: 'short' }, NO_BELIEFS)).toBeNull();
});

test('a mean and the chance of a factor of two give the log-normal back', () => {
  const { logMean, logDeviation } = { logMean: 5, logDeviation: 0.7 };
  const mean = Math.exp(logMean + logDeviation ** 2 / 2);
  const chance = 2 * normalCdf(Math.LN2 / logDeviation) - 1;
  const back = logEstimateOf(mean, normalQuantile((chance + 1) / 2))!;
  expect(back.logMean).toBeCloseTo(logMean, 6);
  expect(back.logDeviation).toBeCloseTo(logDeviation, 6);
  expect(logEstimateOf(0, 1)).toBeNull();
  expect(logEstimateOf(10, normalQuantile(0.5))).toBeNull();
});
