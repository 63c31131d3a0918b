import type { Clock, Timer } from '../kernel/index.ts';
import type {
  AttemptPlan,
  Bid,
  CircuitPass,
  FlowController,
  ResponseSink,
} from '../contract/index.ts';
import { EVENT_STREAM } from './answer-tap.ts';
import type { AnswerTap } from './answer-tap.ts';
import type { Timing } from './settlement.ts';
import { cutFailure, errorFailure, frameFailure, protocolFailure } from './failure.ts';
import { readStatus, statusFailure, timeoutFailure } from './failure.ts';
import type { Failure } from './failure.ts';

/** An unstreamed answer is held whole, so that a failure can still be retried. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** Start-up events of a stream (roles, empty deltas) are held back until there is content, up to this much. */
const HELD_CHUNKS_MAX = 64;
const HELD_BYTES_MAX = 256 * 1024;
/** How many times its promised latency an unstreamed answer may take beyond the first-token time-out. */
const PATIENCE = 4;
/** How long a connection is waited for behind the end of its stream, so that it can be used again. */
const LINGER_MS = 1_000;
/** Less than this is rounding, not time left. */
const TIMER_SLACK_MS = 0.5;

/** Who runs the attempts: hears of each one's progress. Exactly one of `answered`, `ended` and `failed` is called. */
export interface AttemptHost {
  readonly clock: Clock;
  readonly plan: AttemptPlan;
  /** When the whole request is given up, in monotonic milliseconds. */
  readonly giveUpMs: number;
  /** A whole answer: served, or one that says what the client did wrong. */
  answered(attempt: Attempt, body: Buffer): void;
  /** A stream has its first content. What was held follows by `streamed`. */
  streamStarted(attempt: Attempt): void;
  streamed(chunk: Buffer): boolean;
  ended(attempt: Attempt): void;
  failed(attempt: Attempt, failure: Failure): void;
}

type Phase = 'waiting' | 'whole' | 'held' | 'flowing' | 'over';

/**
 * One dispatch to one instance, from its head to its end: tells a good answer from a bad one, holds
 * what must be held, and keeps the deadlines with one pending timer.
 */
export class Attempt implements ResponseSink {
  readonly bid: Bid;
  readonly pass: CircuitPass;
  /** Null for an answer that is not streamed. */
  readonly tap: AnswerTap | null;
  readonly startedMs: number;
  /** Set by whoever dispatched it, once the dispatch has returned. */
  flow: FlowController | null = null;
  status: number | null = null;
  headers: Readonly<Record<string, string>> = {};
  firstContentMs: number | null = null;
  /** Prompt tokens that it holds against others at its instance. */
  pendingTokens = 0;
  lastByteMs: number;
  /** When the stream said that it was over; null: it has not. */
  #doneMs: number | null = null;
  readonly #host: AttemptHost;
  readonly #onTimer = (): void => this.#checkDeadline();
  #phase: Phase = 'waiting';
  #timer: Timer | null = null;
  #isPaused = false;
  #first: Buffer | null = null;
  #more: Buffer[] | null = null;
  #bytes = 0;

  constructor(host: AttemptHost, bid: Bid, pass: CircuitPass, tap: AnswerTap | null) {
    this.#host = host;
    this.bid = bid;
    this.pass = pass;
    this.tap = tap;
    this.startedMs = host.clock.monotonicMs();
    this.lastByteMs = this.startedMs;
    this.#arm(this.#deadlineMs(), this.startedMs);
  }

  get hasStarted(): boolean {
    return this.firstContentMs !== null;
  }

  onStart(status: number, headers: Readonly<Record<string, string>>, flow: FlowController): void {
    if (this.#phase !== 'waiting') return;
    this.flow = flow;
    this.status = status;
    this.headers = headers;
    const { id } = this.bid.instance;
    const reading = readStatus(status);
    if (reading === 'failed') {
      this.#fail(statusFailure(id, status, headers));
    } else if (reading === 'client-fault') {
      this.#phase = 'whole';
    } else if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
      this.#fail(protocolFailure(id, 'it is compressed, which was not asked for'));
    } else if ((this.tap !== null) !== isStream(headers, this.tap)) {
      const wanted = this.tap === null ? 'one JSON object' : 'an event stream';
      this.#fail(protocolFailure(id, `it is not ${wanted}`));
    } else {
      this.#phase = this.tap === null ? 'whole' : 'held';
    }
  }

  onData(chunk: Buffer): boolean {
    switch (this.#phase) {
      case 'flowing':
        return this.#flowOn(chunk);
      case 'whole':
        this.#keep(chunk);
        if (this.#bytes > ANSWER_BYTES_MAX) {
          const limit = `it is larger than ${ANSWER_BYTES_MAX} bytes`;
          this.#fail(protocolFailure(this.bid.instance.id, limit));
        }
        return true;
      case 'held':
        return this.#hold(chunk);
      default:
        return true;
    }
  }

  onEnd(): void {
    const { id } = this.bid.instance;
    if (this.#phase === 'over') return;
    if (this.#phase === 'waiting') return this.#fail(cutFailure(id));
    if (this.#phase === 'whole') return this.#endWhole();
    const tap = this.tap!;
    const rest = tap.flush();
    if (tap.hasFailed || !tap.isComplete) {
      if (rest !== null && this.#phase === 'flowing') this.#pushOn(rest);
      return this.#fail(tap.hasFailed ? frameFailure(id) : cutFailure(id));
    }
    if (this.#phase === 'held') {
      if (rest !== null) this.#keep(rest);
      this.#release();
    } else if (rest !== null) {
      this.#host.streamed(rest);
    }
    if (this.#leave()) this.#host.ended(this);
  }

  onError(error: Error): void {
    if (this.#phase === 'over') return;
    // All that mattered has arrived: how the connection ends afterwards is of no concern.
    if (this.tap?.isComplete === true) return this.onEnd();
    this.#fail(errorFailure(this.bid.instance.id, error));
  }

  /** How it went so far, in milliseconds from its dispatch. */
  timing(nowMs: number): Timing {
    const { startedMs, firstContentMs, lastByteMs } = this;
    return {
      ttftMs: firstContentMs === null ? null : firstContentMs - startedMs,
      totalMs: nowMs - startedMs,
      decodeMs: firstContentMs === null ? null : lastByteMs - firstContentMs,
    };
  }

  pause(): void {
    this.#isPaused = true;
    this.flow?.pause();
  }

  resume(): void {
    if (this.#isPaused && this.#phase === 'flowing') {
      this.#isPaused = false;
      this.lastByteMs = this.#host.clock.monotonicMs();
      this.#rearm(this.lastByteMs);
    }
    this.flow?.resume();
  }

  /** Ends it at once, from outside; its host hears nothing more. */
  abort(): void {
    if (this.#leave()) this.flow?.abort();
  }

  #endWhole(): void {
    const body = this.#takeKept();
    if (readStatus(this.status!) === 'served' && !isJsonObject(body)) {
      return this.#fail(protocolFailure(this.bid.instance.id, 'it is not one JSON object'));
    }
    this.#leave();
    this.#host.answered(this, body);
  }

  #hold(chunk: Buffer): boolean {
    const tap = this.tap!;
    const out = tap.push(chunk);
    if (tap.hasFailed) {
      this.#fail(frameFailure(this.bid.instance.id));
      return true;
    }
    if (out !== null) this.#keep(out);
    const isFull = this.#bytes > HELD_BYTES_MAX || (this.#more?.length ?? 0) >= HELD_CHUNKS_MAX;
    return tap.hasContent || tap.isComplete || isFull ? this.#release() : true;
  }

  /** The client's answer begins: what was held goes out. */
  #release(): boolean {
    const nowMs = this.#host.clock.monotonicMs();
    this.#phase = 'flowing';
    this.firstContentMs = nowMs;
    this.lastByteMs = nowMs;
    if (this.tap!.isDone) this.#doneMs = nowMs;
    this.#rearm(nowMs);
    this.#host.streamStarted(this);
    const held = this.#takeKept();
    return held.length === 0 || this.#pushOn(held);
  }

  #flowOn(chunk: Buffer): boolean {
    const tap = this.tap!;
    const out = tap.push(chunk);
    this.lastByteMs = this.#host.clock.monotonicMs();
    const goesOn = out === null || this.#pushOn(out);
    if (tap.hasFailed) this.#fail(frameFailure(this.bid.instance.id));
    else if (this.#doneMs === null && tap.isDone) this.#linger();
    return goesOn;
  }

  #linger(): void {
    this.#doneMs = this.lastByteMs;
    if (this.#phase !== 'over') this.#rearm(this.lastByteMs);
  }

  #pushOn(chunk: Buffer): boolean {
    if (this.#phase === 'over') return true;
    const goesOn = this.#host.streamed(chunk);
    if (!goesOn) this.#isPaused = true;
    return goesOn;
  }

  #keep(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#first === null) this.#first = chunk;
    else if (this.#more === null) this.#more = [this.#first, chunk];
    else this.#more.push(chunk);
  }

  #takeKept(): Buffer {
    const more = this.#more;
    const kept = more === null ? this.#first : Buffer.concat(more, this.#bytes);
    this.#first = null;
    this.#more = null;
    return kept ?? Buffer.alloc(0);
  }

  #fail(failure: Failure): void {
    if (!this.#leave()) return;
    this.flow?.abort();
    this.#host.failed(this, failure);
  }

  /** True once: the attempt is over. */
  #leave(): boolean {
    if (this.#phase === 'over') return false;
    this.#phase = 'over';
    if (this.#timer !== null) this.#host.clock.cancel(this.#timer);
    this.#timer = null;
    return true;
  }

  #deadlineMs(): number {
    const { plan, giveUpMs } = this.#host;
    if (this.#phase === 'flowing') {
      // A client that does not read is no fault of the instance.
      if (this.#isPaused) return giveUpMs;
      if (this.#doneMs !== null) {
        return Math.min(giveUpMs, this.#doneMs + Math.min(LINGER_MS, plan.idleTimeoutMs));
      }
      return Math.min(giveUpMs, this.lastByteMs + plan.idleTimeoutMs);
    }
    const { mean, deviation } = this.bid.latencyMs;
    const wholeMs = this.tap === null ? PATIENCE * (mean + 2 * deviation) : 0;
    return Math.min(giveUpMs, this.startedMs + plan.firstTokenTimeoutMs + wholeMs);
  }

  #arm(dueMs: number, nowMs: number): void {
    this.#timer = this.#host.clock.after(dueMs - nowMs, this.#onTimer);
  }

  /** Brings the pending timer forward where the new phase has an earlier deadline. */
  #rearm(nowMs: number): void {
    const dueMs = this.#deadlineMs();
    if (this.#timer !== null && this.#timer.dueMs <= dueMs) return;
    if (this.#timer !== null) this.#host.clock.cancel(this.#timer);
    this.#arm(dueMs, nowMs);
  }

  #checkDeadline(): void {
    this.#timer = null;
    if (this.#phase === 'over') return;
    const nowMs = this.#host.clock.monotonicMs();
    const dueMs = this.#deadlineMs();
    if (dueMs - nowMs > TIMER_SLACK_MS) return this.#arm(dueMs, nowMs);
    if (this.tap?.isComplete === true) {
      this.flow?.abort();
      return this.onEnd();
    }
    const sinceMs = this.#phase === 'flowing' ? this.lastByteMs : this.startedMs;
    this.#fail(timeoutFailure(this.bid.instance.id, nowMs - sinceMs));
  }
}

function isStream(headers: Readonly<Record<string, string>>, tap: AnswerTap | null): boolean {
  const type = tap === null ? EVENT_STREAM : tap.streamType;
  return headers['content-type']?.toLowerCase().startsWith(type) ?? false;
}

/** By its ends alone: the transport vouches for what is between. */
function isJsonObject(body: Buffer): boolean {
  let end = body.length - 1;
  while (end >= 0 && body[end]! <= 0x20) end--;
  let start = 0;
  while (start < end && body[start]! <= 0x20) start++;
  return end > start && body[start] === 0x7b && body[end] === 0x7d;
}
