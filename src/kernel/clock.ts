/** A pending callback of a `Clock`. */
export interface Timer {
  readonly dueMs: number;
}

/**
 * Time as the product sees it. `nowMs` is wall time (Unix epoch, milliseconds) and may jump;
 * `monotonicMs` never goes back and is the only one that durations are taken from.
 */
export interface Clock {
  nowMs(): number;
  monotonicMs(): number;
  /** Calls `run` once, at least `delayMs` from now. Coarse timers may be late by `TICK_MS`. */
  after(delayMs: number, run: () => void): Timer;
  cancel(timer: Timer): void;
}
