import { fault } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { FlowController, ResponseSink, Upstream, UpstreamCall } from '../../contract/index.ts';
import { requestOf } from '../traces/prompt-body.ts';
import type { SequenceResult } from '../engine-model.ts';
import type { SimulatedRequest } from './simulated-request.ts';
import type { VirtualServer } from './virtual-server.ts';

const HEADERS = { 'content-type': 'text/event-stream' };
const JSON_HEADERS = { 'content-type': 'application/json' };
const FIRST = Buffer.from(
  'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"x"},"finish_reason":null}]}\n\n',
);
const TOO_LONG = Buffer.from('{"error":{"message":"the prompt is too long","code":400}}');

/**
 * The way out of an exchange in a simulation: an answer is its first event and its last, with the usage that the
 * engine counted, at the times at which the engine makes them.
 */
export function createVirtualUpstream(parts: {
  readonly clock: Clock;
  readonly servers: readonly VirtualServer[];
  readonly requests: (index: number) => SimulatedRequest;
}): Upstream {
  const byId = new Map(parts.servers.map((server) => [server.instance.id, server]));
  return {
    dispatch(call, sink) {
      const server = byId.get(call.instance.id)!;
      return new Call(server, parts.requests(requestOf(call.body)), sink).start(call, parts.clock);
    },
  };
}

class Call implements FlowController {
  readonly #server: VirtualServer;
  readonly #request: SimulatedRequest;
  readonly #sink: ResponseSink;
  #cancel: (() => void) | null = null;
  #isOver = false;

  constructor(server: VirtualServer, request: SimulatedRequest, sink: ResponseSink) {
    this.#server = server;
    this.#request = request;
    this.#sink = sink;
  }

  start({ instance }: UpstreamCall, clock: Clock): this {
    const submission = this.#server.submit(this.#request, {
      onFirstToken: () => {
        this.#sink.onStart(200, HEADERS, this);
        this.#sink.onData(FIRST);
      },
      onEnd: (result) => this.#end(result),
      onCut: () => this.#fail(fault('BRS_UPSTREAM_CUT', { instance: instance.id })),
    });
    if (submission.kind === 'accepted') {
      this.#cancel = () => submission.cancel();
    } else {
      // A dispatch has returned before anything is heard of it.
      clock.after(0, () => {
        if (submission.kind === 'too-long') this.#refuse();
        else this.#fail(fault('BRS_UPSTREAM_CONNECT', { instance: instance.id }));
      });
    }
    return this;
  }

  pause(): void {}

  resume(): void {}

  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancel?.();
  }

  #end({ cachedTokens, outputTokens }: SequenceResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { promptTokens } = this.#request.asked;
    this.#sink.onData(
      Buffer.from(
        `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: {"choices":[],"usage":{"prompt_tokens":${promptTokens},"completion_tokens":${outputTokens},"total_tokens":${promptTokens + outputTokens},"prompt_tokens_details":{"cached_tokens":${cachedTokens}}}}\n\ndata: [DONE]\n\n`,
      ),
    );
    this.#sink.onEnd();
  }

  #refuse(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.onStart(400, JSON_HEADERS, this);
    this.#sink.onData(TOO_LONG);
    this.#sink.onEnd();
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.onError(error);
  }
}
