import type { Clock } from '../kernel/index.ts';
import { assert } from '../kernel/index.ts';

/** The same clock, `speedup` times as fast: a fleet in tests answers sooner, by the same model. */
export function scaleClock(clock: Clock, speedup: number): Clock {
  assert(speedup > 0 && Number.isFinite(speedup), 'a speed-up is a positive number');
  if (speedup === 1) return clock;
  const startMs = clock.nowMs();
  const originMs = clock.monotonicMs();
  const elapsedMs = (): number => (clock.monotonicMs() - originMs) * speedup;
  return {
    nowMs: () => startMs + elapsedMs(),
    monotonicMs: elapsedMs,
    after: (delayMs, run) => clock.after(delayMs / speedup, run),
    cancel: (timer) => clock.cancel(timer),
  };
}
