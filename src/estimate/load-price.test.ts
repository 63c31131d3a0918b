import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadPrice } from './load-price.ts';

describe('the load price', () => {
  test('is 1 at idle and doubles with a full memory', () => {
    expect(loadPrice(0, 0)).toBe(1);
    expect(loadPrice(1, 0)).toBe(2);
    expect(loadPrice(0, 1)).toBe(2);
  });

  test('rises with both, strictly, and stays below 4', () => {
    const step = fc.double({ min: 0.01, max: 1, noNaN: true });
    const kv = fc.double({ min: 0, max: 1, noNaN: true });
    const queue = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(kv, queue, step, (used, waiting, more) => {
        const price = loadPrice(used, waiting);
        expect(loadPrice(used, waiting + more)).toBeGreaterThan(price);
        expect(loadPrice(Math.min(1, used + more), waiting)).toBeGreaterThanOrEqual(price);
        expect(price).toBeGreaterThanOrEqual(1);
        expect(price).toBeLessThan(4);
      }),
    );
  });

  test('is smooth: a small step of load is a small step of price', () => {
    for (let i = 0; i < 1000; i++) {
      const step = loadPrice((i + 1) / 1000, (i + 1) / 100) - loadPrice(i / 1000, i / 100);
      expect(step).toBeLessThan(0.03);
    }
  });

  test('takes no nonsense from an engine', () => {
    expect(loadPrice(Number.NaN, Number.NaN)).toBe(1);
    expect(loadPrice(7, Infinity)).toBe(4);
    expect(loadPrice(-1, -1)).toBe(1);
  });
});
