import { assert } from '../kernel/index.ts';
import type { FlowController, ResponseSink } from '../contract/index.ts';

/**
 * Holds a producer to the sink's protocol: `onStart` first and once, data only between it and the
 * end, exactly one terminal event. A breach throws into the producer and does not reach the sink.
 */
export function assertTerminalOnce(sink: ResponseSink): ResponseSink {
  return new TerminalOnce(sink);
}

class TerminalOnce implements ResponseSink {
  readonly #sink: ResponseSink;
  #stage: 'new' | 'started' | 'over' = 'new';

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  onStart(status: number, headers: Readonly<Record<string, string>>, flow: FlowController): void {
    assert(this.#stage === 'new', 'an answer starts once');
    this.#stage = 'started';
    this.#sink.onStart(status, headers, flow);
  }

  onData(chunk: Buffer): boolean {
    assert(this.#stage === 'started', 'data comes between the start and the end');
    return this.#sink.onData(chunk);
  }

  onEnd(): void {
    assert(this.#stage === 'started', 'only an answer that started ends, and once');
    this.#stage = 'over';
    this.#sink.onEnd();
  }

  onError(error: Error): void {
    assert(this.#stage !== 'over', 'there is one terminal event');
    this.#stage = 'over';
    this.#sink.onError(error);
  }
}
