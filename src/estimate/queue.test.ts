import { describe, expect, test } from 'vitest';
import { NO_TELEMETRY } from '../contract/index.ts';
import type { Instance, Occupancy, Telemetry } from '../contract/index.ts';
import { occupancy, polledOf } from './queue.ts';

const instance = { maxRunning: 8 } as Instance;
const seen = (running: number, waiting: number, kvUsageRatio: number | null = 0.1): Telemetry => ({
  ...NO_TELEMETRY,
  runningRequests: running,
  waitingRequests: waiting,
  kvUsageRatio,
});
const busyOf = (telemetry: Telemetry, inFlight = 0, polled = 0): Occupancy =>
  occupancy(instance, telemetry, { inFlight, polled, pendingTokens: 700 });

describe('occupancy', () => {
  test('takes the requests of others from the poll, and its own as they are', () => {
    expect(busyOf(seen(3, 0), 3, 3).batch).toBe(4);
    expect(busyOf(seen(3, 0), 5, 3).batch).toBe(6);
    expect(busyOf(seen(3, 0), 1, 3).batch).toBe(2);
    expect(busyOf(seen(5, 0), 4, 2).batch).toBe(8);
    expect(busyOf(seen(1, 0), 0, 3).batch).toBe(1);
  });

  test('a poll has counted of its own as many as it saw at most', () => {
    expect(polledOf(seen(2, 1), 5)).toBe(3);
    expect(polledOf(seen(9, 1), 5)).toBe(5);
    expect(polledOf(NO_TELEMETRY, 5)).toBe(0);
  });

  test('lets nobody wait while a slot is free', () => {
    expect(busyOf(seen(7, 0), 7, 7)).toMatchObject({ ahead: 0, turns: 0 });
    expect(busyOf(seen(8, 0))).toMatchObject({ ahead: 1, turns: 1 / 8 });
    expect(busyOf(seen(8, 4)).ahead).toBe(5);
  });

  test('takes requests that wait beside free slots for a lack of memory, if memory is scarce', () => {
    expect(busyOf(seen(4, 3, 0.95))).toMatchObject({ slots: 4, ahead: 4, turns: 1, batch: 4 });
    expect(busyOf(seen(4, 3, 0.2))).toMatchObject({ slots: 8, ahead: 0, batch: 8 });
  });

  test('goes by the own count where the engine says nothing', () => {
    const busy = { batch: 8, ahead: 2, slots: 8, turns: 0.25, kvUsageRatio: 1, pendingTokens: 700 };
    expect(busyOf(NO_TELEMETRY, 9)).toEqual(busy);
  });

  test('takes no nonsense from an engine', () => {
    expect(Number.isFinite(busyOf(seen(Number.NaN, Infinity)).ahead)).toBe(true);
    expect(busyOf(seen(-5, -5))).toMatchObject({ batch: 1, ahead: 0 });
  });
});
