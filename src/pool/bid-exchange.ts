import type { Dispatcher } from 'undici';

/** Larger than any quote. */
const ANSWER_BYTES_MAX = 16 * 1024;

/** An answer to a question for a quote; null: none came, or it was too large. */
export interface BidAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** One question and its answer, collected up to a limit. */
export class BidExchange implements Dispatcher.DispatchHandler {
  readonly #onDone: (answer: BidAnswer | null) => void;
  #status = 0;
  #headers: BidAnswer['headers'] = {};
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;

  /** `onDone` is called once. */
  constructor(onDone: (answer: BidAnswer | null) => void) {
    this.#onDone = onDone;
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= ANSWER_BYTES_MAX) {
      this.#chunks.push(chunk);
      return;
    }
    controller.abort(new Error('the quote is too large'));
    this.#finish(null);
  }

  onResponseEnd(): void {
    const body = Buffer.concat(this.#chunks, this.#bytes);
    this.#finish({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(): void {
    this.#finish(null);
  }

  #finish(answer: BidAnswer | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onDone(answer);
  }
}
