import type { AttemptsResult, FlowController, Guard, ResponseSink } from '../contract/index.ts';
import type { Fault } from '../kernel/index.ts';

type Head = Readonly<Record<string, string>>;

/**
 * A guard before the client's sink. The head of an answer that is not streamed waits until the answer
 * was judged, so that one that is withheld is an error from its status on. An answer that is withheld
 * is given up at its instance.
 */
export class GuardedSink implements ResponseSink {
  readonly #guard: Guard;
  readonly #client: ResponseSink;
  #flow: FlowController | null = null;
  #head: { readonly status: number; readonly headers: Head } | null = null;
  #hasStarted = false;
  #fault: Fault | null = null;

  constructor(guard: Guard, client: ResponseSink) {
    this.#guard = guard;
    this.#client = client;
  }

  onStart(status: number, headers: Head, flow: FlowController): void {
    this.#flow = flow;
    this.#head = { status, headers };
    if (headers['content-type']?.startsWith('text/event-stream') === true) this.#start();
  }

  onData(chunk: Buffer): boolean {
    if (this.#fault !== null) return true;
    const goesOn = this.#pass(this.#guard.onData(chunk));
    this.#fault = this.#guard.fault ?? null;
    if (this.#fault !== null) this.#flow?.abort();
    return goesOn;
  }

  onEnd(): void {
    if (this.#fault === null) {
      this.#pass(this.#guard.onEnd());
      this.#fault = this.#guard.fault ?? null;
    }
    if (this.#fault !== null) return this.#client.onError(this.#fault);
    this.#start();
    this.#client.onEnd();
  }

  onError(error: Error): void {
    this.#client.onError(this.#fault ?? error);
  }

  /** What the attempts came to, as the client saw it. */
  asSeen(result: AttemptsResult): AttemptsResult {
    if (this.#fault === null) return result;
    if (this.#hasStarted) return { ...result, status: 'cut' };
    return { ...result, status: 'failed', httpStatus: this.#fault.httpStatus };
  }

  #pass(chunk: Buffer | null): boolean {
    if (chunk === null || chunk.length === 0) return true;
    this.#start();
    return this.#client.onData(chunk);
  }

  #start(): void {
    if (this.#hasStarted || this.#head === null) return;
    this.#hasStarted = true;
    this.#client.onStart(this.#head.status, this.#head.headers, this.#flow!);
  }
}
