import type { Clock, Timer } from './clock.ts';
import { assert } from './assert.ts';

interface VirtualTimer extends Timer {
  readonly order: number;
  run: (() => void) | null;
}

export interface VirtualClock extends Clock {
  /** Runs every timer due within the next `ms`, in order, and moves time on by `ms`. */
  advance(ms: number): void;
  /** Runs the next timer, however far away; false when none is left. */
  step(): boolean;
}

/** Time under the caller's control: the simulator and the tests run production code on it. */
export function createVirtualClock(startMs = 1_700_000_000_000): VirtualClock {
  let elapsedMs = 0;
  let order = 0;
  const heap: VirtualTimer[] = [];
  const isBefore = (a: VirtualTimer, b: VirtualTimer): boolean =>
    a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

  function push(timer: VirtualTimer): void {
    let i = heap.length;
    heap.push(timer);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = timer;
  }

  function pop(): VirtualTimer {
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }

  function runUntil(limitMs: number): boolean {
    while (heap.length > 0 && heap[0]!.dueMs <= limitMs) {
      const timer = pop();
      const run = timer.run;
      if (run === null) continue;
      timer.run = null;
      elapsedMs = Math.max(elapsedMs, timer.dueMs);
      run();
      return true;
    }
    return false;
  }

  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after(delayMs, run) {
      const timer: VirtualTimer = { dueMs: elapsedMs + Math.max(0, delayMs), order: order++, run };
      push(timer);
      return timer;
    },
    cancel(timer) {
      (timer as VirtualTimer).run = null;
    },
    advance(ms) {
      assert(ms >= 0, 'time does not run backwards');
      const limitMs = elapsedMs + ms;
      while (runUntil(limitMs));
      elapsedMs = limitMs;
    },
    step: () => runUntil(Number.POSITIVE_INFINITY),
  };
}
