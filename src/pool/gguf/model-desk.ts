import type { LocalAnswer, LocalAsk, LocalModel } from './local-model.ts';

/** Requests that may wait for a slot; beyond, they are refused at once. */
const WAITING_MAX = 256;

/** What the desk has served since it opened, and how busy it is. */
export interface DeskCounts {
  readonly running: number;
  readonly waiting: number;
  readonly promptTokensTotal: number;
  readonly outputTokensTotal: number;
}

/** Lets requests to the slots of one model, first come first served. */
export class ModelDesk {
  readonly model: LocalModel;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #promptTokensTotal = 0;
  #outputTokensTotal = 0;

  constructor(model: LocalModel) {
    this.model = model;
  }

  get isFull(): boolean {
    return this.#waiting.length >= WAITING_MAX;
  }

  counts(): DeskCounts {
    return {
      running: this.#running,
      waiting: this.#waiting.length,
      promptTokensTotal: this.#promptTokensTotal,
      outputTokensTotal: this.#outputTokensTotal,
    };
  }

  /** Rejects with the signal's reason when it is aborted, waiting or running. */
  async serve(
    ask: LocalAsk,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<LocalAnswer> {
    if (this.#running >= this.model.slots) await this.#turn(signal);
    else this.#running++;
    try {
      signal.throwIfAborted();
      const answer = await this.model.generate(ask, onText, signal);
      this.#promptTokensTotal += answer.promptTokens - answer.cachedTokens;
      this.#outputTokensTotal += answer.outputTokens;
      return answer;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  /** Waits for a slot, which whoever leaves hands over. */
  #turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        reject(signal.reason as Error);
      };
      const begin = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(begin);
    });
  }
}
