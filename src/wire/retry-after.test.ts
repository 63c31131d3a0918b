import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRetryAfter } from './retry-after.ts';

const DATE = 'Sat, 21 Nov 2026 12:00:00 GMT';
const DAY_MS = 86_400_000;

test.each<[headers: Record<string, string>, waitMs: number | null]>([
  [{}, null],
  [{ 'retry-after': '7' }, 7_000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '1.5' }, 1_500],
  [{ 'retry-after-ms': '350' }, 350],
  [{ 'retry-after': '7', 'retry-after-ms': '350' }, 350],
  [{ 'retry-after': '7', 'retry-after-ms': 'soon' }, 7_000],
  [{ 'retry-after': 'Sat, 21 Nov 2026 12:00:07 GMT', date: DATE }, 7_000],
  [{ 'retry-after': 'Sat, 21 Nov 2026 12:00:07 GMT' }, null],
  [{ 'retry-after': 'Sat, 21 Nov 2026 11:59:59 GMT', date: DATE }, null],
  [{ 'retry-after': 'Sun, 21 Nov 2027 12:00:00 GMT', date: DATE }, DAY_MS],
  [{ 'retry-after': '2026-11-21T12:00:07Z', date: DATE }, null],
  [{ 'retry-after': '999999999' }, DAY_MS],
  [{ 'retry-after': '9999999999' }, null],
  [{ 'retry-after': '-7' }, null],
  [{ 'retry-after': '7, 8' }, null],
  [{ 'retry-after': '' }, null],
])('%j asks for %s ms', (headers, waitMs) => {
  expect(readRetryAfter(headers)).toBe(waitMs);
});

test('whatever it says, the wait is unknown or between nothing and a day', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (value, ms, date) => {
      const waitMs = readRetryAfter({ 'retry-after': value, 'retry-after-ms': ms, date });
      expect(waitMs === null || (waitMs >= 0 && waitMs <= DAY_MS)).toBe(true);
    }),
  );
});
