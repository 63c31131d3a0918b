import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from '../kernel/index.ts';
import { chanceOfLeast, drawLeast, flooredNormals } from './least-of-normals.ts';

const normals = fc
  .array(
    fc.record({
      mean: fc.double({ min: -3, max: 3, noNaN: true }),
      deviation: fc.double({ min: 0, max: 2, noNaN: true }),
    }),
    { minLength: 2, maxLength: 6 },
  )
  .map((given) =>
    flooredNormals(
      Float64Array.from(given, ({ mean }) => mean),
      Float64Array.from(given, ({ deviation }) => deviation),
    ),
  );

describe('the least of several normals', () => {
  test('is somebody: the chances sum to one', () => {
    fc.assert(
      fc.property(normals, (given) => {
        let sum = 0;
        for (let at = 0; at < given.means.length; at++) sum += chanceOfLeast(given, at);
        expect(sum).toBeCloseTo(1, 2);
      }),
    );
  });

  test('is drawn as often as it is told', () => {
    const given = flooredNormals(
      Float64Array.of(0, 0.3, 0.5, -0.2),
      Float64Array.of(0.1, 0.5, 1, 0.05),
    );
    const rng = createRng(3);
    const draws = 40_000;
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < draws; i++) counts[drawLeast(given, rng)]!++;
    counts.forEach((count, at) => {
      const chance = chanceOfLeast(given, at);
      const deviation = Math.sqrt((chance * (1 - chance)) / draws);
      expect(Math.abs(count / draws - chance)).toBeLessThan(4 * deviation + 5e-4);
    });
  });

  test('of two has the closed form, and of three that are two the same', () => {
    const two = { means: Float64Array.of(0, 1), deviations: Float64Array.of(1, 1) };
    expect(chanceOfLeast(two, 0)).toBeCloseTo(0.7602, 4);
    const far = { means: Float64Array.of(0, 1, 500), deviations: Float64Array.of(1, 1, 1) };
    expect(chanceOfLeast(far, 0)).toBeCloseTo(chanceOfLeast(two, 0), 4);
  });

  test('without any doubt is the least mean, the first of equals', () => {
    const given = { means: Float64Array.of(2, 1, 1), deviations: new Float64Array(3) };
    expect(drawLeast(given, createRng(1))).toBe(1);
    expect([0, 1, 2].map((at) => chanceOfLeast(given, at))).toEqual([0, 1, 0]);
  });
});
