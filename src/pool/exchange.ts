import type { Dispatcher } from 'undici';
import { fault } from '../kernel/index.ts';
import type { Fault } from '../kernel/index.ts';
import type { FlowController, ResponseSink, UpstreamCall } from '../contract/index.ts';

type Headers = Record<string, string>;
type UndiciHeaders = Record<string, string | string[] | undefined>;

/** Thrown out of `onRequestStart`: drops a queued request without harming its connection. */
const DROPPED = new Error('the request was aborted before it was sent');

/** What one dispatch tells its origin: that it is over, and whether it may be sent again. */
export interface ExchangeOwner {
  over(): void;
  sendAgain(exchange: Exchange): void;
}

/**
 * One request and its answer: pushes what undici reads to the sink. An idle connection that the
 * server closed while the request was on its way has answered nothing: the request is sent once
 * more, on another connection.
 */
export class Exchange implements Dispatcher.DispatchHandler, FlowController {
  readonly call: UpstreamCall;
  readonly #sink: ResponseSink;
  readonly #owner: ExchangeOwner;
  #controller: Dispatcher.DispatchController | null = null;
  #hasAnswer = false;
  #isOver = false;
  #wasSentAgain = false;

  constructor(call: UpstreamCall, sink: ResponseSink, owner: ExchangeOwner) {
    this.call = call;
    this.#sink = sink;
    this.#owner = owner;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) throw DROPPED;
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UndiciHeaders,
  ): void {
    if (status < 200 || this.#isOver) return;
    this.#hasAnswer = true;
    for (const name in headers) {
      const value = headers[name];
      if (typeof value !== 'string') headers[name] = value === undefined ? '' : value.join(', ');
    }
    this.#sink.onStart(status, headers as Headers, this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    if (!this.#sink.onData(chunk) && !this.#isOver) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#sink.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#isOver) return;
    if (!this.#hasAnswer && !this.#wasSentAgain && isStaleConnection(error)) {
      this.#wasSentAgain = true;
      this.#controller = null;
      this.#owner.sendAgain(this);
      return;
    }
    const wasSent = this.#controller !== null;
    this.#finish();
    this.#sink.onError(upstreamFault(this.call.instance.id, error, wasSent));
  }

  pause(): void {
    if (!this.#isOver) this.#controller?.pause();
  }

  resume(): void {
    if (!this.#isOver) this.#controller?.resume();
  }

  abort(): void {
    if (this.#isOver) return;
    const controller = this.#controller;
    this.#finish();
    controller?.abort(DROPPED);
  }

  #finish(): void {
    this.#isOver = true;
    this.#controller = null;
    this.#owner.over();
  }
}

/** A connection that carried an answer before and was closed before this one began. */
function isStaleConnection(error: Error): boolean {
  const { code, socket } = error as { code?: unknown; socket?: { bytesRead?: unknown } | null };
  return code === 'UND_ERR_SOCKET' && Number(socket?.bytesRead) > 0;
}

/** Names what went wrong in the words of the catalogue; undici's own error stays as the cause. */
function upstreamFault(instance: string, error: Error, wasSent: boolean): Fault {
  if (!wasSent) return fault('BRS_UPSTREAM_CONNECT', { instance }, { cause: error });
  const code = (error as { code?: unknown }).code;
  const isMalformed =
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    (error.name === 'HTTPParserError' && code !== 'HPE_INVALID_EOF_STATE');
  return isMalformed
    ? fault('BRS_UPSTREAM_PROTOCOL', { instance, reason: 'it is not HTTP' }, { cause: error })
    : fault('BRS_UPSTREAM_CUT', { instance }, { cause: error });
}
