import { fault } from '../kernel/index.ts';
import type { Clock } from '../kernel/index.ts';

/** Questions to the keeper that wait for their answers. */
export class PendingCalls<Answer> {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, (answer: Answer | null) => void>();
  #count = 0;
  #isLost = false;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with `BRS_KEEPER_LOST` where none comes in time. */
  ask(send: (call: number) => void): Promise<Answer> {
    if (this.#isLost) return Promise.reject(fault('BRS_KEEPER_LOST'));
    const call = this.#count++;
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#timeoutMs, () => settle(null));
      const settle = (answer: Answer | null): void => {
        this.#clock.cancel(timer);
        this.#waiting.delete(call);
        if (answer === null) reject(fault('BRS_KEEPER_LOST'));
        else resolve(answer);
      };
      this.#waiting.set(call, settle);
      send(call);
    });
  }

  answer(call: number, answer: Answer): void {
    this.#waiting.get(call)?.(answer);
  }

  /** The keeper is lost: nobody will answer. */
  fail(): void {
    this.#isLost = true;
    for (const settle of this.#waiting.values()) settle(null);
  }
}
