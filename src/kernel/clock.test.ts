import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createSystemClock } from './system-clock.ts';
import { createVirtualClock } from './virtual-clock.ts';

describe('the virtual clock', () => {
  test('runs every timer once, in order of time, then of setting', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 60 }), (delays) => {
        const clock = createVirtualClock();
        const ran: [number, number][] = [];
        delays.forEach((delay, i) => clock.after(delay, () => ran.push([clock.monotonicMs(), i])));
        clock.advance(500);
        const expected = delays.map((delay, i) => [delay, i] as const);
        expected.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(ran).toEqual(expected);
      }),
    );
  });

  test('a timer set while time advances runs in the same advance when it is due', () => {
    const clock = createVirtualClock();
    const ran: string[] = [];
    clock.after(10, () => clock.after(10, () => ran.push('inner')));
    clock.advance(19);
    expect(ran).toEqual([]);
    clock.advance(1);
    expect(ran).toEqual(['inner']);
  });

  test('a cancelled timer never runs', () => {
    const clock = createVirtualClock();
    let runs = 0;
    clock.cancel(clock.after(1, () => runs++));
    clock.advance(10);
    expect(runs).toBe(0);
    expect(clock.step()).toBe(false);
  });
});

describe('the system clock', () => {
  test('fires after its delay, never before, and not when cancelled', async () => {
    const clock = createSystemClock();
    const startedMs = clock.monotonicMs();
    let firedMs = 0;
    let cancelled = 0;
    clock.after(60, () => (firedMs = clock.monotonicMs()));
    clock.cancel(clock.after(30, () => cancelled++));
    while (firedMs === 0) await sleep(5);
    expect(firedMs - startedMs).toBeGreaterThanOrEqual(60);
    expect(cancelled).toBe(0);
  });

  test('keeps timers apart that share a slot of the wheel', async () => {
    const clock = createSystemClock();
    let far = 0;
    let near = 0;
    clock.after(40 + 512 * 20, () => far++);
    clock.after(40, () => near++);
    while (near === 0) await sleep(5);
    await sleep(60);
    expect([near, far]).toEqual([1, 0]);
  });

  test('a timer may set another', async () => {
    const clock = createSystemClock();
    const order: string[] = [];
    clock.after(0, () => {
      order.push('first');
      clock.after(0, () => order.push('second'));
    });
    while (order.length < 2) await sleep(5);
    expect(order).toEqual(['first', 'second']);
  });
});
