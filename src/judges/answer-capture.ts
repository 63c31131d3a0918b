import type { FlowController, ResponseSink } from '../contract/index.ts';

/** Passes an answer on, and keeps what passed up to a number of bytes. */
export class AnswerCapture implements ResponseSink {
  readonly #client: ResponseSink;
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(client: ResponseSink, bytesMax: number) {
    this.#client = client;
    this.#bytesMax = bytesMax;
  }

  onStart(status: number, headers: Readonly<Record<string, string>>, flow: FlowController): void {
    this.#client.onStart(status, headers, flow);
  }

  onData(chunk: Buffer): boolean {
    this.#length += chunk.length;
    if (this.#length <= this.#bytesMax) this.#chunks.push(chunk);
    else this.#chunks = [];
    return this.#client.onData(chunk);
  }

  onEnd(): void {
    this.#client.onEnd();
  }

  onError(error: Error): void {
    this.#client.onError(error);
  }

  /** The answer, which is let go; null where it was too long. */
  take(): Buffer | null {
    const chunks = this.#chunks;
    this.#chunks = [];
    return this.#length > this.#bytesMax ? null : Buffer.concat(chunks);
  }
}
