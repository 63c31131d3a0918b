import type { Clock, Timer } from './clock.ts';

/** The resolution of the wheel: deadlines may fire this much late, never early. */
export const TICK_MS = 20;
const SLOTS = 512;

interface WheelTimer extends Timer {
  run: (() => void) | null;
  slot: Set<WheelTimer> | null;
}

/**
 * The clock of the machine. Its timers share one hashed wheel (Varghese and Lauck, SOSP 1987), since
 * a request sets and clears several deadlines and `setTimeout` costs over a microsecond each.
 * The wheel's interval runs only while timers are pending and never keeps the process alive.
 */
export function createSystemClock(): Clock {
  const slots: Set<WheelTimer>[] = Array.from({ length: SLOTS }, () => new Set());
  let pending = 0;
  let cursor = 0;
  let interval: NodeJS.Timeout | null = null;
  const monotonicMs = (): number => performance.now();
  const slotOf = (tick: number): Set<WheelTimer> => slots[tick % SLOTS]!;

  function turn(): void {
    const tick = Math.floor(monotonicMs() / TICK_MS);
    const last = Math.min(tick, cursor + SLOTS);
    while (cursor < last) {
      cursor++;
      for (const timer of slotOf(cursor)) {
        if (timer.dueMs > monotonicMs()) continue;
        const run = timer.run;
        remove(timer);
        run?.();
      }
    }
    cursor = tick;
    if (pending === 0 && interval !== null) {
      clearInterval(interval);
      interval = null;
    }
  }

  function remove(timer: WheelTimer): void {
    if (timer.slot === null) return;
    timer.slot.delete(timer);
    timer.slot = null;
    timer.run = null;
    pending--;
  }

  return {
    nowMs: () => Date.now(),
    monotonicMs,
    after(delayMs, run) {
      if (interval === null) {
        cursor = Math.floor(monotonicMs() / TICK_MS);
        interval = setInterval(turn, TICK_MS);
        interval.unref();
      }
      const dueMs = monotonicMs() + Math.max(0, delayMs);
      const slot = slotOf(Math.max(cursor + 1, Math.ceil(dueMs / TICK_MS)));
      const timer: WheelTimer = { dueMs, run, slot };
      slot.add(timer);
      pending++;
      return timer;
    },
    cancel: (timer) => remove(timer as WheelTimer),
  };
}
