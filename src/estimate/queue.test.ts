import { describe, expect, test } from 'vitest';
import { NO_TELEMETRY } from '../contract/index.ts';
import type { Instance, Telemetry } from '../contract/index.ts';
import { occupancy, waitMs, waitVariance } from './queue.ts';

const instance = { maxRunning: 8 } as Instance;
const seen = (running: number, waiting: number, kvUsageRatio: number | null = 0.1): Telemetry => ({
  ...NO_TELEMETRY,
  runningRequests: running,
  waitingRequests: waiting,
  kvUsageRatio,
});

describe('occupancy', () => {
  test('counts a request once that both the poll and the worker know', () => {
    expect(occupancy(instance, seen(3, 0), 3).batch).toBe(4);
    expect(occupancy(instance, seen(3, 0), 5).batch).toBe(6);
    expect(occupancy(instance, seen(5, 0), 2).batch).toBe(6);
  });

  test('lets nobody wait while a slot is free', () => {
    expect(occupancy(instance, seen(7, 0), 7).ahead).toBe(0);
    expect(occupancy(instance, seen(8, 0), 0).ahead).toBe(1);
    expect(occupancy(instance, seen(8, 4), 0).ahead).toBe(5);
  });

  test('takes requests that wait beside free slots for a lack of memory, if memory is scarce', () => {
    expect(occupancy(instance, seen(4, 3, 0.95), 0)).toMatchObject({
      slots: 4,
      ahead: 4,
      batch: 4,
    });
    expect(occupancy(instance, seen(4, 3, 0.2), 0)).toMatchObject({ slots: 8, ahead: 0, batch: 8 });
  });

  test('goes by the own count where the engine says nothing', () => {
    const busy = occupancy(instance, NO_TELEMETRY, 9);
    expect(busy).toEqual({ batch: 8, ahead: 2, slots: 8, kvUsageRatio: 1 });
  });

  test('takes no nonsense from an engine', () => {
    const busy = occupancy(instance, seen(Number.NaN, Infinity), 0);
    expect(Number.isFinite(busy.ahead)).toBe(true);
    expect(occupancy(instance, seen(-5, -5), 0)).toMatchObject({ batch: 1, ahead: 0 });
  });
});

test('the wait is the number ahead over the rate at which slots come free', () => {
  const busy = occupancy(instance, seen(8, 7), 0);
  expect(waitMs(busy, 2_000)).toBe(2_000);
  expect(Math.sqrt(waitVariance(busy, 2_000))).toBeCloseTo(707.1, 1);
});
