import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from './nearest.ts';

describe('editDistance', () => {
  test.each([
    ['titan', 'titan', 0],
    ['titan', 'titian', 1],
    ['titan', 'tiatn', 1],
    ['titan', 'tatin', 2],
    ['', 'ab', 2],
  ])('%s to %s is %i', (a, b, distance) => {
    expect(editDistance(a, b, 5)).toBe(distance);
  });

  test('stops at the ceiling, and is symmetric', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(4), (a, b, max) => {
        const bounded = editDistance(a, b, max);
        expect(bounded).toBe(Math.min(editDistance(a, b, 100), max + 1));
        expect(editDistance(b, a, max)).toBe(bounded);
      }),
    );
  });
});

describe('nearest', () => {
  test('finds what was meant', () => {
    expect(nearest('modle', ['model', 'mode', 'models'])).toBe('model');
    expect(nearest('Acuracy', ['accuracy', 'eco'])).toBe('accuracy');
  });

  test('says nothing when nothing is close', () => {
    expect(nearest('zebra', ['model', 'mode'])).toBeNull();
    expect(nearest('x', [])).toBeNull();
  });
});
