import type { Clock } from '../kernel/index.ts';

/** A store that takes longer is not waited for, and is left alone for a while. */
const ANSWER_MS_MAX = 50;
const GRACE_MS = 5;
const REST_MS_MIN = 1_000;
const REST_MS_MAX = 30_000;

/** How long requests wait for a store: 50 ms at most, and not at all after it has let one down. */
export class StorePatience {
  readonly #clock: Clock;
  #restMs = 0;
  #restsUntilMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** After a rest one request tries; the others rest on until it is known what came of it. */
  isResting(): boolean {
    if (this.#restMs === 0) return false;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#restsUntilMs) return true;
    this.#restsUntilMs = nowMs + ANSWER_MS_MAX;
    return false;
  }

  /** Null where the store is away, or slow: then it rests. */
  async inTime<T>(asked: Promise<T>): Promise<{ readonly answer: T } | null> {
    const answered = await new Promise<{ readonly answer: T } | null>((resolve) => {
      // Who was busy for so long finds its timer due before it has looked at what came meanwhile.
      let timer = this.#clock.after(ANSWER_MS_MAX - GRACE_MS, () => {
        timer = this.#clock.after(GRACE_MS, () => resolve(null));
      });
      const settle = (given: { readonly answer: T } | null): void => {
        this.#clock.cancel(timer);
        resolve(given);
      };
      asked.then(
        (answer) => settle({ answer }),
        () => settle(null),
      );
    });
    if (answered !== null) {
      this.#restMs = 0;
    } else {
      this.#restMs = Math.min(REST_MS_MAX, Math.max(REST_MS_MIN, this.#restMs * 2));
      this.#restsUntilMs = this.#clock.monotonicMs() + this.#restMs;
    }
    return answered;
  }
}
