import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, fault, isPromise } from '../kernel/index.ts';
import type { DecisionId, Timer } from '../kernel/index.ts';
import type { Caller, FlowController, ResponseSink, Surface } from '../contract/index.ts';
import { BodyCollector } from './body-collector.ts';
import type { TenantGate } from './ceilings.ts';
import { openChunks } from './event-chunks.ts';
import type { EventChunks } from './event-chunks.ts';
import { OPENAI_ERRORS } from './edge.ts';
import type { Edge } from './edge.ts';
import { refuseEarly, sendFault, toFault } from './error-response.ts';
import { writeHead } from './response-headers.ts';
import type { OpenExchange, ServerHost } from './server-host.ts';

/** An unstreamed answer is held up to this size, so that head and body leave in one write. */
const HOLD_BYTES_MAX = 1024 * 1024;
/** Up to this size it is cheaper to copy a body behind its head than to send two buffers. */
const JOINED_BYTES_MAX = 16 * 1024;
/** A client that takes no bytes for this long, while some wait for it, is cut off. */
const STALL_MS = 60_000;

/** By which path a request came in. */
export interface Door {
  readonly surface: Surface;
  readonly edge: Edge | null;
}

/**
 * One request of the model API, from its head to the last byte of its answer. It is the sink that
 * the director pushes to: `body` → `asked` → (`held` | `flowing`) → `done`.
 */
export class Exchange implements ResponseSink, OpenExchange {
  place = -1;
  readonly #host: ServerHost;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #surface: Surface;
  /** Null where the client speaks a surface that the director knows. */
  readonly #edge: Edge | null;
  readonly #body = new BodyCollector();
  #stage: 'body' | 'asked' | 'held' | 'flowing' | 'done' = 'body';
  #caller: Caller | null = null;
  #gate: TenantGate | null = null;
  #id: DecisionId | null = null;
  #flow: FlowController | null = null;
  #timer: Timer | null = null;
  #receivedAtMs = 0;
  #startedMs = 0;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #held: Buffer | null = null;
  #heldMore: Buffer[] | null = null;
  #heldBytes = 0;
  #isEventStream = false;
  /** Frames the events of a stream; null where the connection's end is the answer's. */
  #chunks: EventChunks | null = null;
  #hasWritten = false;
  #listensForDrain = false;

  constructor(
    host: ServerHost,
    request: IncomingMessage,
    response: ServerResponse,
    { surface, edge }: Door,
  ) {
    this.#host = host;
    this.#request = request;
    this.#response = response;
    this.#surface = surface;
    this.#edge = edge;
  }

  isOn(socket: unknown): boolean {
    return this.#request.socket === socket;
  }

  /** Lets the request in and collects its body, or refuses it on its head alone. */
  receive(awaitsContinue: boolean): void {
    const { admission, parts } = this.#host;
    const { clock } = parts;
    this.#receivedAtMs = clock.nowMs();
    this.#startedMs = clock.monotonicMs();
    if (this.#isClosing()) return this.#refuse(fault('BRS_SHUTTING_DOWN'), awaitsContinue);
    const caller = admission.authenticate(this.#request);
    if (caller instanceof Fault) return this.#refuse(caller, awaitsContinue);
    const wrong = admission.checkHead(this.#request);
    if (wrong !== null) return this.#refuse(wrong, awaitsContinue);
    this.#caller = caller;
    const gate = admission.ceilings.enter(caller.tenant);
    if (isPromise(gate)) void this.#await(gate, awaitsContinue);
    else this.#enter(gate, awaitsContinue);
  }

  /** The body stays in the socket until it is known whether the request may enter. */
  async #await(entering: Promise<TenantGate | Fault>, awaitsContinue: boolean): Promise<void> {
    this.#response.on('close', () => this.#onClose());
    const gate = await entering.catch((error) => toFault(error, this.#host.parts.log));
    if (this.#stage === 'body') this.#enter(gate, awaitsContinue);
    else if (!(gate instanceof Fault)) this.#host.admission.ceilings.leave(gate);
  }

  #enter(gate: TenantGate | Fault, awaitsContinue: boolean): void {
    if (gate instanceof Fault) return this.#refuse(gate, awaitsContinue);
    this.#gate = gate;
    this.#host.open.add(this);
    this.#listen();
    if (awaitsContinue) this.#response.writeContinue();
  }

  #listen(): void {
    const request = this.#request;
    const { bodyTimeoutMs } = this.#host.admission.current().server.limits;
    const { clock } = this.#host.parts;
    this.#timer = clock.after(bodyTimeoutMs, () => this.#onBodyTimeout(bodyTimeoutMs));
    request.on('data', (piece: Buffer) => this.#onPiece(piece));
    request.on('end', () => this.#onBody());
    this.#response.on('close', () => this.#onClose());
    // A pipelined request has no socket before its turn, and its response does not hear of the close.
    if (this.#response.socket === null) request.socket.once('close', () => this.#onClose());
  }

  #onPiece(piece: Buffer): void {
    if (this.#stage !== 'body') return;
    this.#body.add(piece);
    const limit = this.#host.admission.current().server.limits.bodyBytes;
    if (this.#body.length > limit) this.#refuse(fault('BRS_BODY_TOO_LARGE', { limit }), false);
  }

  #onBodyTimeout(afterMs: number): void {
    this.#refuse(fault('BRS_BODY_TIMEOUT', { seconds: afterMs / 1000 }), false);
  }

  #onBody(): void {
    if (this.#stage !== 'body') return;
    this.#clearTimer();
    const { route } = this.#host.parts;
    const id = route.nextId();
    this.#id = id;
    this.#stage = 'asked';
    try {
      const ingress = {
        id,
        surface: this.#surface,
        caller: this.#caller!,
        bytes: this.#body.take(),
        headers: this.#request.headers,
        receivedAtMs: this.#receivedAtMs,
        startedMs: this.#startedMs,
      };
      this.#flow =
        this.#edge === null ? route.handle(ingress, this) : this.#edge.handle(route, ingress, this);
    } catch (error) {
      this.onError(error);
    }
  }

  onStart(status: number, headers: Readonly<Record<string, string>>, flow: FlowController): void {
    if (this.#stage !== 'asked') return;
    this.#flow = flow;
    this.#status = status;
    this.#headers = headers;
    this.#isEventStream = headers['content-type']?.startsWith('text/event-stream') ?? false;
    if (!this.#isEventStream) {
      this.#stage = 'held';
      return;
    }
    this.#stage = 'flowing';
    this.#writeHead(null);
    this.#chunks = openChunks(this.#response);
    // Head and first event share one write where both come in this tick.
    process.nextTick(() => {
      if (!this.#hasWritten && this.#stage === 'flowing') this.#response.flushHeaders();
    });
  }

  onData(chunk: Buffer): boolean {
    if (this.#stage === 'flowing') return this.#write(chunk);
    if (this.#stage !== 'held') return true;
    if (this.#held === null) this.#held = chunk;
    else if (this.#heldMore === null) this.#heldMore = [this.#held, chunk];
    else this.#heldMore.push(chunk);
    this.#heldBytes += chunk.length;
    return this.#heldBytes <= HOLD_BYTES_MAX || this.#letFlow();
  }

  onEnd(): void {
    if (this.#stage === 'held') {
      const body = this.#takeHeld();
      this.#finish();
      this.#writeHead(body.length);
      // Node joins a head and a short string into one buffer, where a Buffer takes a gathered write.
      if (body.length <= JOINED_BYTES_MAX) this.#response.end(body.toString('latin1'), 'latin1');
      else this.#response.end(body);
    } else if (this.#stage === 'flowing') {
      this.#finish();
      this.#end(null);
    } else if (this.#stage === 'asked') {
      this.onError(fault('BRS_INVARIANT', { invariant: 'an answer starts before it ends' }));
      return;
    }
    if (this.#response.writableNeedDrain) this.#watchStall();
  }

  onError(error: unknown): void {
    if (this.#stage === 'done') return;
    this.#fail(toFault(error, this.#host.parts.log));
  }

  /** Ends what is left at the end of a shutdown's drain: an error where one can still be told. */
  cut(problem: Fault): void {
    if (this.#stage === 'body') {
      this.#refuse(problem, false);
      return;
    }
    this.#fail(problem);
    this.#flow?.abort();
  }

  #fail(problem: Fault): void {
    const stage = this.#stage;
    this.#finish();
    if (stage !== 'flowing') {
      const extra = this.#isClosing() ? { connection: 'close' } : undefined;
      const errors = this.#edge?.errors;
      sendFault(this.#response, problem, this.#id, { extra, errors });
    } else if (this.#isEventStream) {
      const errors = this.#edge?.errors ?? OPENAI_ERRORS;
      this.#end(errors.event(problem, this.#id ?? undefined));
    } else {
      this.#response.destroy();
    }
  }

  #refuse(problem: Fault, awaitsContinue: boolean): void {
    this.#finish();
    this.#host.parts.onRefused?.(problem);
    const isKept = problem.code !== 'BRS_BODY_TIMEOUT' && !this.#isClosing();
    const { bodyBytes } = this.#host.admission.current().server.limits;
    refuseEarly(
      {
        request: this.#request,
        response: this.#response,
        problem,
        keepUpToBytes: isKept ? bodyBytes : -1,
        awaitsContinue,
        errors: this.#edge?.errors ?? OPENAI_ERRORS,
      },
      this.#host.parts.clock,
    );
  }

  #write(chunk: Buffer): boolean {
    this.#hasWritten = true;
    if (this.#chunks === null ? this.#response.write(chunk) : this.#chunks.write(chunk))
      return true;
    this.#watchStall();
    if (!this.#listensForDrain) {
      this.#listensForDrain = true;
      this.#response.on('drain', () => {
        this.#clearTimer();
        this.#flow?.resume();
      });
    }
    return false;
  }

  #end(last: Buffer | null): void {
    if (this.#chunks !== null) this.#chunks.end(last);
    else if (last === null) this.#response.end();
    else this.#response.end(last);
  }

  /** Gives up holding an answer that has grown large. */
  #letFlow(): boolean {
    this.#stage = 'flowing';
    this.#writeHead(null);
    return this.#write(this.#takeHeld());
  }

  #takeHeld(): Buffer {
    const more = this.#heldMore;
    const body = more === null ? this.#held : Buffer.concat(more, this.#heldBytes);
    this.#held = null;
    this.#heldMore = null;
    return body ?? Buffer.alloc(0);
  }

  #isClosing(): boolean {
    return this.#host.phase === 'closing';
  }

  #writeHead(contentLength: number | null): void {
    const isClosing = this.#isClosing();
    const head = { status: this.#status, headers: this.#headers, contentLength, isClosing };
    writeHead(this.#response, head);
  }

  /** The client has gone, or everything has been sent. */
  #onClose(): void {
    this.#clearTimer();
    if (this.#stage === 'done') return;
    this.#finish();
    this.#flow?.abort();
  }

  #finish(): void {
    this.#stage = 'done';
    this.#clearTimer();
    this.#held = null;
    this.#heldMore = null;
    this.#host.open.delete(this);
    if (this.#gate !== null) this.#host.admission.ceilings.leave(this.#gate);
    this.#gate = null;
  }

  #watchStall(): void {
    this.#timer ??= this.#host.parts.clock.after(STALL_MS, () => this.#request.socket.destroy());
  }

  #clearTimer(): void {
    if (this.#timer === null) return;
    this.#host.parts.clock.cancel(this.#timer);
    this.#timer = null;
  }
}
