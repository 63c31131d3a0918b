import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { periodEndMs, periodStartMs } from './period.ts';

describe('periods', () => {
  test.each([
    ['minute', '2024-02-29T23:59:00Z', '2024-03-01T00:00:00Z'],
    ['hour', '2024-02-29T23:00:00Z', '2024-03-01T00:00:00Z'],
    ['day', '2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['month', '2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'],
  ] as const)('%s in UTC', (per, start, end) => {
    const atMs = Date.parse('2024-02-29T23:59:30.5Z');
    expect(periodStartMs(per, atMs)).toBe(Date.parse(start));
    expect(periodEndMs(per, Date.parse(start))).toBe(Date.parse(end));
  });

  test('total begins at 0 and never ends', () => {
    expect(periodStartMs('total', 1e12)).toBe(0);
    expect(periodEndMs('total', 0)).toBe(Infinity);
  });

  test('every moment lies in exactly one period', () => {
    const per = fc.constantFrom('minute' as const, 'hour', 'day', 'month');
    fc.assert(
      fc.property(per, fc.integer({ min: 0, max: 4e12 }), (period, atMs) => {
        const start = periodStartMs(period, atMs);
        const end = periodEndMs(period, start);
        expect(start).toBeLessThanOrEqual(atMs);
        expect(end).toBeGreaterThan(atMs);
        expect(periodStartMs(period, start)).toBe(start);
        expect(periodStartMs(period, end)).toBe(end);
      }),
    );
  });
});
