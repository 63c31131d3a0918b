import { describe, expect, test } from 'vitest';
import type { Truth } from '../../contract/index.ts';
import { evaluate } from '../fixtures/evaluate.ts';
import { timeSignal } from './index.ts';

const at = (condition: unknown, iso: string): Promise<Truth> =>
  evaluate(timeSignal, condition, { receivedAtMs: Date.parse(iso) });

describe('time', () => {
  test.each([
    ['2026-01-05T06:59:59Z', false],
    ['2026-01-05T07:00:00Z', true],
    ['2026-01-05T16:59:59Z', true],
    ['2026-01-05T17:00:00Z', false],
    // Summer time: the same clock, an hour earlier in UTC.
    ['2026-07-06T06:00:00Z', true],
    ['2026-07-06T16:00:00Z', false],
    // A Saturday.
    ['2026-01-10T12:00:00Z', false],
  ])('office hours in Berlin at %s: %s', async (iso, expected) => {
    const days = ['mon', 'tue', 'wed', 'thu', 'fri'];
    const office = { from: '08:00', to: '18:00', zone: 'Europe/Berlin', days };
    await expect(at(office, iso)).resolves.toBe(expected);
  });

  test.each([
    ['2026-01-09T21:59:00Z', false],
    ['2026-01-09T22:00:00Z', true],
    ['2026-01-10T05:59:00Z', true],
    ['2026-01-10T06:00:00Z', false],
    // Saturday night is not Friday night.
    ['2026-01-10T23:00:00Z', false],
    ['2026-01-09T03:00:00Z', false],
  ])('a night that begins on Friday at %s: %s', async (iso, expected) => {
    await expect(at({ from: '22:00', to: '06:00', days: 'fri' }, iso)).resolves.toBe(expected);
  });

  test.each([
    ['mon-fri', '2026-01-09T12:00:00Z', true],
    ['mon-fri', '2026-01-10T12:00:00Z', false],
    ['sat-mon', '2026-01-05T12:00:00Z', true],
    ['sat-mon', '2026-01-06T12:00:00Z', false],
    [['wed', 'sat-sun'], '2026-01-11T12:00:00Z', true],
    [['wed', 'sat-sun'], '2026-01-07T12:00:00Z', true],
    [['wed', 'sat-sun'], '2026-01-08T12:00:00Z', false],
    ['tue-tue', '2026-01-06T12:00:00Z', true],
  ])('days: %j at %s: %s', async (days, iso, expected) => {
    await expect(at({ days }, iso)).resolves.toBe(expected);
  });

  test('a day alone is the whole day, midnight included', async () => {
    await expect(at({ days: 'mon' }, '2026-01-05T00:00:00Z')).resolves.toBe(true);
    await expect(at({ days: 'mon' }, '2026-01-05T23:59:59Z')).resolves.toBe(true);
    await expect(at({ days: 'mon' }, '2026-01-06T00:00:00Z')).resolves.toBe(false);
  });

  test.each([
    [{ from: '08:00', to: '08:00' }, 'empty window'],
    [{ from: '25:00', to: '08:00' }, 'must be a quoted time'],
    [{ from: '24:00', to: '08:00' }, 'must be a quoted time'],
    [{ from: 480 }, 'must be a quoted time'],
    [{ from: '08:00', zone: 'Mars/Olympus' }, 'IANA time zone'],
    [{ days: ['monday'] }, 'must be one of mon'],
    [{ days: 'mon-friday' }, 'must be one of mon'],
    [{ zone: 'UTC' }, 'must have from, to or days'],
  ])('refuses %j', (condition, message) => {
    expect(() => timeSignal.compile(condition, [])).toThrow(message);
  });
});
