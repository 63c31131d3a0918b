import type { Clock, Timer } from '../kernel/index.ts';

/** Work that is done over and over until it is stopped. */
export class Repeating {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  every(ms: number, run: () => void): void {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      run();
      this.every(ms, run);
    });
    this.#timers.add(timer);
  }

  stop(): void {
    for (const timer of this.#timers) this.#clock.cancel(timer);
    this.#timers.clear();
  }
}
