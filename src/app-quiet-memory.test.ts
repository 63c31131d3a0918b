import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createThreadMemory, quietLook } from './app-quiet-memory.ts';

const MIB = 1024 * 1024;

describe('collecting when quiet', () => {
  test.each([
    ['quiet, with much young space', 0.01, 32 * MIB, 1],
    ['busy, with much young space', 0.5, 32 * MIB, 0],
    ['quiet, with little young space', 0.01, 2 * MIB, 0],
  ])('%s', (_, busy, young, times) => {
    let collections = 0;
    const look = quietLook({
      busyRatio: () => busy,
      youngBytes: () => young,
      collect: () => collections++,
    });
    look();
    expect(collections).toBe(times);
  });

  test('what was busy once is looked at anew', () => {
    const ratios = [0.9, 0.9, 0];
    let collections = 0;
    const look = quietLook({
      busyRatio: () => ratios.shift()!,
      youngBytes: () => 32 * MIB,
      collect: () => collections++,
    });
    const seen = [1, 2, 3].map(() => {
      look();
      return collections;
    });
    expect(seen).toEqual([0, 0, 1]);
  });

  test('requests that trickle in are paused for once in ten minutes', () => {
    let collections = 0;
    const look = quietLook({
      busyRatio: () => 0.01,
      youngBytes: () => 32 * MIB,
      collect: () => collections++,
    });
    for (let minute = 0; minute < 60; minute++) for (let i = 0; i < 6; i++) look();
    expect(collections).toBe(6);
  });
});

describe("a thread's memory", () => {
  test('tells shares of time and bytes', async () => {
    const memory = createThreadMemory();
    await setImmediate();
    const ratio = memory.busyRatio();
    expect(ratio).toBeGreaterThanOrEqual(0);
    expect(ratio).toBeLessThanOrEqual(1);
    expect(memory.youngBytes()).toBeGreaterThan(0);
  });

  test('a collection takes what nobody holds, and leaves no collector behind', async () => {
    const before = 'gc' in globalThis;
    const lost = new WeakRef(unheld());
    // A reference that was read lives to the end of its task.
    await setImmediate();
    createThreadMemory().collect();
    await setImmediate();
    expect(lost.deref()).toBeUndefined();
    expect('gc' in globalThis).toBe(before);
  });
});

const unheld = (): object => ({ some: 'thing' });
