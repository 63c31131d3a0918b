import type { Clock, Timer } from './clock.ts';

/** The resolution of the wheel: deadlines may fire this much late, never early. */
export const TICK_MS = 20;
const SLOTS = 512;

interface WheelTimer extends Timer {
  run: (() => void) | null;
  /** The slot that it is in, and its place there; null once it has run or was cancelled. */
  slot: WheelTimer[] | null;
  place: number;
}

/**
 * The clock of the machine. Its timers share one hashed wheel (Varghese and Lauck, SOSP 1987), since
 * a request sets and clears several deadlines and `setTimeout` costs over a microsecond each.
 * The wheel's interval runs only while timers are pending and never keeps the process alive.
 * Slots are arrays: sets with as many deletions keep what they held alive until a full collection.
 */
export function createSystemClock(): Clock {
  const slots: WheelTimer[][] = Array.from({ length: SLOTS }, () => []);
  let pending = 0;
  let cursor = 0;
  let interval: NodeJS.Timeout | null = null;
  const monotonicMs = (): number => performance.now();
  const slotOf = (tick: number): WheelTimer[] => slots[tick % SLOTS]!;

  function turn(): void {
    const nowMs = monotonicMs();
    const tick = Math.floor(nowMs / TICK_MS);
    const last = Math.min(tick, cursor + SLOTS);
    while (cursor < last) {
      cursor++;
      const slot = slotOf(cursor);
      if (slot.length > 0) runDue(slot.filter((timer) => timer.dueMs <= nowMs));
    }
    cursor = tick;
    if (pending === 0 && interval !== null) {
      clearInterval(interval);
      interval = null;
    }
  }

  /** One that another cancels in the same turn does not run. */
  function runDue(due: readonly WheelTimer[]): void {
    for (const timer of due) {
      const { run } = timer;
      remove(timer);
      run?.();
    }
  }

  function remove(timer: WheelTimer): void {
    const { slot, place } = timer;
    if (slot === null) return;
    const last = slot.pop()!;
    if (last !== timer) {
      slot[place] = last;
      last.place = place;
    }
    timer.slot = null;
    timer.run = null;
    pending--;
  }

  return {
    nowMs: () => Date.now(),
    monotonicMs,
    after(delayMs, run) {
      const nowMs = monotonicMs();
      if (interval === null) {
        cursor = Math.floor(nowMs / TICK_MS);
        interval = setInterval(turn, TICK_MS);
        interval.unref();
      }
      const dueMs = nowMs + Math.max(0, delayMs);
      const slot = slotOf(Math.max(cursor + 1, Math.ceil(dueMs / TICK_MS)));
      const timer: WheelTimer = { dueMs, run, slot, place: slot.length };
      slot.push(timer);
      pending++;
      return timer;
    },
    cancel: (timer) => remove(timer as WheelTimer),
  };
}
