import { expect, test } from 'vitest';
import type { InstanceId } from '../kernel/index.ts';
import { readStatus, statusFailure } from './failure.ts';

const A = 'a' as InstanceId;

test.each([
  [401, {}, 'credential', null],
  [402, {}, 'credential', null],
  [403, {}, 'credential', null],
  [429, {}, 'rate-limited', null],
  [429, { 'retry-after': '7' }, 'rate-limited', 7_000],
  [429, { 'retry-after': '7', 'retry-after-ms': '350' }, 'rate-limited', 350],
  [429, { 'retry-after': 'Sat, 21 Nov 2026 12:00:00 GMT' }, 'rate-limited', null],
  [
    429,
    {
      'retry-after': 'Sat, 21 Nov 2026 12:00:07 GMT',
      date: 'Sat, 21 Nov 2026 12:00:00 GMT',
    },
    'rate-limited',
    7_000,
  ],
  [429, { 'retry-after': '999999999' }, 'rate-limited', 86_400_000],
  [500, { 'retry-after': '7' }, 'status', null],
  [503, {}, 'status', null],
  [503, { 'retry-after': '7' }, 'status', 7_000],
  [529, { 'retry-after': '2' }, 'status', 2_000],
  [404, {}, 'status', null],
] as const)(
  'status %i with %j is %s, and to be asked again after %s ms',
  (status, headers, result, retryAfterMs) => {
    expect(readStatus(status)).toBe('failed');
    expect(statusFailure(A, status, headers)).toMatchObject({ instance: A, result, retryAfterMs });
  },
);

test.each([400, 413, 415, 422])('status %i is the client’s own fault', (status) => {
  expect(readStatus(status)).toBe('client-fault');
});
