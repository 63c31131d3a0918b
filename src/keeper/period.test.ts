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
    expect(periodStartMs({ per }, atMs)).toBe(Date.parse(start));
    expect(periodEndMs({ per }, Date.parse(start))).toBe(Date.parse(end));
  });

  test('total begins at 0 and never ends', () => {
    expect(periodStartMs({ per: 'total' }, 1e12)).toBe(0);
    expect(periodEndMs({ per: 'total' }, 0)).toBe(Infinity);
  });

  test.each([
    ['day', 'Europe/Berlin', '2025-03-30T10:00:00Z', '2025-03-29T23:00:00Z', 23],
    ['day', 'Europe/Berlin', '2025-10-26T10:00:00Z', '2025-10-25T22:00:00Z', 25],
    ['day', 'Asia/Kolkata', '2025-06-01T20:00:00Z', '2025-06-01T18:30:00Z', 24],
    // Midnight itself is left out when the clock goes forward.
    ['day', 'Africa/Cairo', '2025-04-25T10:00:00Z', '2025-04-24T22:00:00Z', 23],
    ['month', 'America/New_York', '2025-03-31T23:00:00Z', '2025-03-01T05:00:00Z', 31 * 24 - 1],
    ['month', 'Pacific/Auckland', '2025-01-31T11:30:00Z', '2025-01-31T11:00:00Z', 28 * 24],
  ] as const)('a %s in %s at %s', (...[per, timeZone, at, start, hours]) => {
    const startMs = periodStartMs({ per, timeZone }, Date.parse(at));
    expect(new Date(startMs).toISOString()).toBe(new Date(start).toISOString());
    expect((periodEndMs({ per, timeZone }, startMs) - startMs) / 3_600_000).toBe(hours);
  });

  test('every moment lies in exactly one period, also where a zone skips a day or repeats an hour', () => {
    const per = fc.constantFrom('minute' as const, 'hour', 'day', 'month');
    const timeZone = fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Apia', 'America/St_Johns');
    fc.assert(
      fc.property(per, timeZone, fc.integer({ min: 0, max: 4e12 }), (unit, zone, atMs) => {
        const period = { per: unit, timeZone: zone };
        const start = periodStartMs(period, atMs);
        const end = periodEndMs(period, start);
        expect(start).toBeLessThanOrEqual(atMs);
        expect(end).toBeGreaterThan(atMs);
        expect(periodStartMs(period, start)).toBe(start);
        expect(periodStartMs(period, end - 1)).toBe(start);
        expect(periodStartMs(period, end)).toBe(end);
      }),
    );
  });
});
