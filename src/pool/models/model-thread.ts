import { Worker } from 'node:worker_threads';
import { failureOf, fault, faultFrom } from '../../kernel/index.ts';
import type { Clock, Failure, Timer } from '../../kernel/index.ts';

export interface Asked {
  readonly id: number;
  readonly question: unknown;
}

export type Answered =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: Failure };

export interface ModelThreadOptions {
  readonly entry: URL;
  readonly workerData: unknown;
  readonly clock: Clock;
  /** Questions that wait or are being answered; more are refused with `BRS_OVERLOADED`. */
  readonly queueMax: number;
  /** How long a question may take, the start of the thread included. */
  readonly deadlineMs: number;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

/**
 * A thread that answers questions: started by the first, started again by the next one after it
 * died, and never what keeps the process alive while nobody waits for it.
 */
export class ModelThread {
  readonly #options: ModelThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #asked = 0;
  #isClosed = false;

  constructor(options: ModelThreadOptions) {
    this.#options = options;
  }

  ask(question: unknown): Promise<unknown> {
    const { clock, queueMax, deadlineMs } = this.#options;
    if (this.#isClosed) return Promise.reject(fault('BRS_SHUTTING_DOWN'));
    if (this.#waiting.size >= queueMax) {
      return Promise.reject(fault('BRS_OVERLOADED', { seconds: 1 }));
    }
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      const timer = clock.after(deadlineMs, () => {
        this.#take(id)?.reject(fault('BRS_OVERLOADED', { seconds: 1 }));
      });
      this.#waiting.set(id, { resolve, reject, timer });
      const worker = (this.#worker ??= this.#start());
      worker.ref();
      worker.postMessage({ id, question } satisfies Asked);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#failAll(fault('BRS_SHUTTING_DOWN'));
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const { entry, workerData } = this.#options;
    const worker = new Worker(entry, { workerData });
    worker.on('message', (answered: Answered) => {
      const waiting = this.#take(answered.id);
      if ('failure' in answered) waiting?.reject(faultFrom(answered.failure));
      else waiting?.resolve(answered.answer);
    });
    worker.on('error', (error) => this.#lose(worker, error));
    worker.on('exit', () => this.#lose(worker, new Error('the thread of the models has ended')));
    return worker;
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    this.#options.clock.cancel(waiting.timer);
    if (this.#waiting.size === 0) this.#worker?.unref();
    return waiting;
  }

  #lose(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#failAll(faultFrom(failureOf(error)));
  }

  #failAll(error: Error): void {
    for (const id of this.#waiting.keys()) this.#take(id)?.reject(error);
  }
}
