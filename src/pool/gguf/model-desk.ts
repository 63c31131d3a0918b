import { LocalAskError } from './local-model.ts';
import type { LocalAnswer, LocalAsk, LocalModel } from './local-model.ts';
import type { LocalPiece, LocalVectors } from './local-model.ts';

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
  /** Called whenever the last request has left. */
  onIdle: (() => void) | null = null;
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

  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** Rejects with the signal's reason when it is aborted, waiting or running. */
  async chat(
    ask: LocalAsk,
    onPiece: (piece: LocalPiece) => void,
    signal: AbortSignal,
  ): Promise<LocalAnswer> {
    const { model } = this;
    if (model.task !== 'chat') throw new LocalAskError('this model embeds texts, and says none');
    const answer = await this.#inTurn(signal, () => model.generate(ask, onPiece, signal));
    this.#promptTokensTotal += answer.promptTokens - answer.cachedTokens;
    this.#outputTokensTotal += answer.outputTokens;
    return answer;
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<LocalVectors> {
    const { model } = this;
    if (model.task !== 'embedding') {
      throw new LocalAskError('this model chats: give its entry in models "kind: embedding"');
    }
    const answer = await this.#inTurn(signal, () => model.embed(texts, signal));
    this.#promptTokensTotal += answer.promptTokens;
    return answer;
  }

  /** Works in a slot, when one is free. */
  async #inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.model.slots) await this.#turn(signal);
    else this.#running++;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#running--;
        if (this.#running === 0) this.onIdle?.();
      } else {
        next();
      }
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
