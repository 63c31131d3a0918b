import type { Dispatcher } from 'undici';
import { fault } from '../kernel/index.ts';
import type { Fault } from '../kernel/index.ts';
import type { FlowController, ResponseSink, UpstreamCall } from '../contract/index.ts';
import type { Connection, Passenger } from './connection.ts';

type Headers = Record<string, string>;
type UndiciHeaders = Record<string, string | string[] | undefined>;

/** Thrown out of `onRequestStart`: drops a queued request without harming its connection. */
const DROPPED = new Error('the request was aborted before it was sent');

/** What one dispatch tells its origin: that it is over. */
export interface ExchangeOwner {
  over(): void;
}

/**
 * One request and its answer: pushes what undici reads to the sink. It goes out once: whether a request
 * that a connection has lost is sent again is for those to say who count the attempts.
 */
export class Exchange implements Passenger, FlowController {
  readonly call: UpstreamCall;
  connection: Connection | null = null;
  isSent = false;
  readonly #sink: ResponseSink;
  readonly #owner: ExchangeOwner;
  #controller: Dispatcher.DispatchController | null = null;
  /** What its connection had read before it was sent. */
  #bytesBefore = 0;
  #isOver = false;

  constructor(call: UpstreamCall, sink: ResponseSink, owner: ExchangeOwner) {
    this.call = call;
    this.#sink = sink;
    this.#owner = owner;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) throw DROPPED;
    this.#controller = controller;
    this.isSent = true;
    this.#bytesBefore = this.connection?.socket?.bytesRead ?? 0;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UndiciHeaders,
  ): void {
    if (status < 200 || this.#isOver) return;
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
    const wasSent = this.isSent;
    const isStale = wasSent && this.#wasIdle() && isClosed(error);
    this.#finish();
    const { id } = this.call.instance;
    this.#sink.onError(isStale ? staleFault(id, error) : upstreamFault(id, error, wasSent));
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

  /** Whether its connection had carried an answer before, and nothing came over it since. */
  #wasIdle(): boolean {
    return this.#bytesBefore > 0 && this.connection?.socket?.bytesRead === this.#bytesBefore;
  }

  #finish(): void {
    this.#isOver = true;
    this.#controller = null;
    this.#owner.over();
  }
}

/** How a connection ends that the other side has closed. */
const CLOSED = new Set<unknown>(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

const isClosed = (error: Error): boolean => CLOSED.has((error as { code?: unknown }).code);

const staleFault = (instance: string, cause: Error): Fault =>
  fault('BRS_UPSTREAM_STALE', { instance }, { cause });

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
