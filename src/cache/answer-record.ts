import type { FlowController, ResponseSink, StoredAnswer, Workload } from '../contract/index.ts';
import { AnswerReader } from '../wire/index.ts';

type Head = Readonly<Record<string, string>>;

/** Longer answers are not stored. */
const ANSWER_BYTES_MAX = 256 * 1024;

/** Keeps the bytes of an answer while they pass to the client; what a guard held back is not among them. */
export class RecordingSink implements ResponseSink {
  readonly #client: ResponseSink;
  readonly #status: string;
  readonly #onOver: (isWhole: boolean) => void;
  #chunks: Buffer[] | null = [];
  #bytes = 0;
  #isOk = false;

  /** `status` is told in the head; `onOver` is called once, after the client has heard of the end. */
  constructor(client: ResponseSink, status: string, onOver: (isWhole: boolean) => void) {
    this.#client = client;
    this.#status = status;
    this.#onOver = onOver;
  }

  onStart(status: number, headers: Head, flow: FlowController): void {
    this.#isOk = status === 200;
    this.#client.onStart(status, { ...headers, 'x-bourse-cache': this.#status }, flow);
  }

  onData(chunk: Buffer): boolean {
    if (this.#chunks !== null) {
      this.#bytes += chunk.length;
      if (this.#bytes > ANSWER_BYTES_MAX) this.#chunks = null;
      else this.#chunks.push(chunk);
    }
    return this.#client.onData(chunk);
  }

  onEnd(): void {
    try {
      this.#client.onEnd();
    } finally {
      this.#onOver(this.#isOk && this.#chunks !== null);
    }
  }

  onError(error: Error): void {
    this.#chunks = null;
    try {
      this.#client.onError(error);
    } finally {
      this.#onOver(false);
    }
  }

  /** What was said; null where it is more than text, or not all of it. */
  read({ isStream }: Workload): Pick<StoredAnswer, 'text' | 'finishReason'> | null {
    if (this.#chunks === null) return null;
    const reader = new AnswerReader({ isStream, hidesLogprobs: false });
    reader.read(this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks));
    const { text, finishReason, calls, isWhole, hasRefused } = reader;
    if (finishReason !== 'stop' || !isWhole || hasRefused) return null;
    return calls.length > 0 || text === '' ? null : { text, finishReason };
  }
}
