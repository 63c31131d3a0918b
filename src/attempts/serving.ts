import { andThen, fault, isPromise } from '../kernel/index.ts';
import type { Clock, Fault, MaybeAsync } from '../kernel/index.ts';
import type {
  AttemptPlan,
  AttemptResult,
  AttemptsResult,
  AwardedDecision,
  Bid,
  CircuitPass,
  FlowController,
  Usage,
} from '../contract/index.ts';
import { headOf } from './answer-head.ts';
import { answerHeaders } from './answer-headers.ts';
import { AnswerParts } from './answer-parts.ts';
import { AttemptBook } from './attempt-book.ts';
import { energyOfAttempt } from './attempt-energy.ts';
import { usageOfAttempt } from './attempt-usage.ts';
import { Attempt } from './attempt.ts';
import type { AttemptHost } from './attempt.ts';
import { brokenStream, continuesChat, hasHeir, restOf } from './broken-stream.ts';
import { cutStream, cutWhole, splicedWhole } from './cut-answer.ts';
import type { CutAnswer } from './cut-answer.ts';
import { resultOf } from './ending.ts';
import type { Ending } from './ending.ts';
import { errorFailure, exhausted, protocolFailure, readStatus, toFault } from './failure.ts';
import type { Failure } from './failure.ts';
import { nextPartOf } from './next-part.ts';
import type { PendingPart } from './next-part.ts';
import { chatBody, mayServe, prepareCall } from './prepared-call.ts';
import type { PreparedCall, PreparedLimit } from './prepared-call.ts';
import { estimatedUsage, stateIn, unserved } from './settlement.ts';
import type { Client, ServingTools } from './serving-tools.ts';
import { readAnswer } from './whole-answer.ts';
import type { WholeAnswer } from './whole-answer.ts';

/**
 * One request on its way down the ranking, one attempt after the other, until one serves: the
 * strategy `sequential`. Nothing reaches the client before the first content of an answer, so that
 * every failure before it is silent; after it, a failure is the answer's end. Only the attempt that
 * served is charged. An answer that a limit of the exchange's own has cut is served in several parts.
 */
export class Serving implements AttemptHost, FlowController {
  readonly clock: Clock;
  readonly plan: AttemptPlan;
  readonly giveUpMs: number;
  readonly #tools: ServingTools;
  readonly #decision: AwardedDecision;
  readonly #client: Client;
  readonly #book: AttemptBook;
  readonly #failures: Failure[] = [];
  /** Instances that could not be asked, and why. */
  readonly #passedOver: string[] = [];
  #next = 0;
  #attempt: Attempt | null = null;
  #prepared: PreparedCall | null = null;
  /** Null while the answer is all in one part. */
  #parts: AnswerParts | null = null;
  #partCount = 1;
  #firstLimit: PreparedLimit | null = null;
  #pending: PendingPart | null = null;
  /** The last that was asked twice. */
  #askedAgain: Bid | null = null;
  #isOver = false;
  /** The status that the client has seen; 0 before any. */
  #status = 0;

  constructor(tools: ServingTools, decision: AwardedDecision, client: Client) {
    this.#tools = tools;
    this.clock = tools.clock;
    this.#decision = decision;
    this.#book = new AttemptBook(tools.breakers);
    this.#client = client;
    this.plan = decision.mandate.attempts;
    this.giveUpMs = client.giveUpMs ?? tools.clock.monotonicMs() + this.plan.totalTimeoutMs;
  }

  /** Dispatches to the next of the ranking that can be asked; gives up when there is none. */
  proceed(): void {
    this.#parts = null;
    this.#partCount = 1;
    for (let bid = this.#nextBid(); bid !== null; bid = this.#nextBid()) {
      if (mayServe(this.#decision, bid) && this.#dispatch(bid)) return;
    }
    this.#giveUp();
  }

  #nextBid(): Bid | null {
    if (this.#book.records.length >= this.plan.max) return null;
    const { line } = this.#client;
    return line === undefined ? (this.#decision.result.ranked[this.#next++] ?? null) : line.next();
  }

  pause(): void {
    this.#attempt?.pause();
  }

  resume(): void {
    this.#attempt?.resume();
  }

  /** The client has left: the instance stops at once, and what it gave until then is settled. */
  abort(): void {
    const attempt = this.#attempt;
    if (this.#isOver || attempt === null) return;
    attempt.abort();
    const problem = fault('BRS_ABORTED');
    const httpStatus = this.#status === 0 ? problem.httpStatus : this.#status;
    const usage = this.#usageOf(attempt);
    const ending = { status: 'aborted', httpStatus, finishReason: null, usage } as const;
    this.#fail(problem, this.#settle(attempt, 'aborted', ending));
  }

  answered(attempt: Attempt, bytes: Buffer): void {
    const httpStatus = attempt.status!;
    let body = bytes;
    try {
      body = chatBody(this.#prepared!, httpStatus, bytes);
    } catch (error) {
      return this.failed(attempt, errorFailure(attempt.bid.instance.id, toFault(error)));
    }
    if (this.#partCount > 1 && readStatus(httpStatus) !== 'served') {
      const reason = `it does not go on with an answer: status ${httpStatus}`;
      return this.failed(attempt, protocolFailure(attempt.bid.instance.id, reason));
    }
    const { limit } = this.#prepared!;
    const cut =
      limit !== null && readStatus(httpStatus) === 'served'
        ? cutWhole({ attempt, body, parts: this.#parts }, limit, this.#decision)
        : null;
    if (cut === null) return this.#answerWhole(attempt, body);
    this.#goOn(attempt, cut, () => this.#answerWhole(attempt, body));
  }

  #answerWhole(attempt: Attempt, body: Buffer): void {
    const { sink, ceiling, onDone } = this.#client;
    const ceilingTokens = ceiling === null ? null : ceiling.ceilingTokens;
    const httpStatus = attempt.status!;
    let answer: WholeAnswer;
    try {
      const spliced = splicedWhole(this.#parts, body, this.#firstLimit?.surface ?? 'chat');
      answer = readAnswer(this.#prepared!, { httpStatus, body: spliced, ceilingTokens });
    } catch (error) {
      return this.failed(attempt, errorFailure(attempt.bid.instance.id, toFault(error)));
    }
    const usage =
      answer.usage ?? estimatedUsage(this.#decision, attempt.bid, answer.outputTokensSeen);
    const { status, finishReason } = answer;
    const result = this.#settle(attempt, 'ok', { status, httpStatus, finishReason, usage });
    try {
      sink.onStart(httpStatus, this.#headers(attempt, result), this);
      sink.onData(answer.body);
      sink.onEnd();
    } finally {
      onDone(result);
    }
  }

  streamStarted(attempt: Attempt): void {
    this.#book.prefilled(attempt);
    if (this.#status !== 0) return;
    this.#status = attempt.status!;
    this.#client.sink.onStart(this.#status, this.#headers(attempt, null), this);
  }

  streamed(chunk: Buffer): boolean {
    return this.#client.sink.onData(chunk);
  }

  ended(attempt: Attempt): void {
    const cut = cutStream(attempt, this.#prepared!.limit, this.#decision);
    if (cut === null) return this.#finish(attempt);
    this.#goOn(attempt, cut, () => {
      const end = attempt.tap!.end(this.#usageOf(attempt));
      if (end !== null) this.#client.sink.onData(end);
      this.#finish(attempt);
    });
  }

  #finish(attempt: Attempt): void {
    const { finishReason } = attempt.tap!;
    const usage = this.#usageOf(attempt);
    const ending = { status: 'ok', httpStatus: this.#status, finishReason, usage } as const;
    const result = this.#settle(attempt, 'ok', ending);
    try {
      this.#client.sink.onEnd();
    } finally {
      this.#client.onDone(result);
    }
  }

  failed(attempt: Attempt, failure: Failure): void {
    const { instance, result } = failure;
    const decision = this.#decision.workload.id;
    this.#tools.onEvent({ kind: 'attempt-failed', decision, instance, result });
    if (result === 'stale' && this.#askAgain(attempt)) return;
    this.#failures.push(failure);
    if (this.#status !== 0) {
      if (this.#goOnElsewhere(attempt, failure)) return;
      const { finishReason } = attempt.tap!;
      const usage = this.#usageOf(attempt);
      const ending = { status: 'cut', httpStatus: this.#status, finishReason, usage } as const;
      this.#fail(failure.fault, this.#settle(attempt, result, ending));
      return;
    }
    const nowMs = this.clock.monotonicMs();
    this.#book.leave(attempt, result, failure.retryAfterMs, attempt.timing(nowMs));
    if (nowMs < this.giveUpMs) this.proceed();
    else this.#giveUp();
  }

  /** A connection was closed as the request went out: its instance is asked on another one, once. */
  #askAgain(attempt: Attempt): boolean {
    const { bid } = attempt;
    const nowMs = this.clock.monotonicMs();
    if (this.#askedAgain === bid || nowMs >= this.giveUpMs) return false;
    this.#book.leave(attempt, 'stale', null, attempt.timing(nowMs));
    if (this.#book.records.length >= this.plan.max || this.#client.line?.again() === false) {
      return false;
    }
    this.#askedAgain = bid;
    return this.#partCount > 1 ? this.#dispatchPart(bid) : this.#dispatch(bid);
  }

  /** False when this instance cannot be asked. */
  #dispatch(bid: Bid): boolean {
    const { breakers, engines } = this.#tools;
    const { instance } = bid;
    const engine = engines.get(instance.engine);
    if (engine === undefined || !breakers.isAvailable(instance.id)) {
      const reason = engine === undefined ? 'its engine is not installed' : 'circuit open';
      this.#passedOver.push(`${instance.id}: ${reason}`);
      return false;
    }
    let prepared: PreparedCall;
    try {
      prepared = prepareCall(this.#decision, instance, {
        engine,
        state: stateIn(this.#decision.fleet, bid),
        ceilingTokens: this.#client.ceiling?.ceilingTokens ?? null,
        limitTokens: bid.limitTokens ?? null,
        outputTokens: bid.outputTokens.mean,
        hasHeir: hasHeir(this.#decision, bid, engines),
      });
    } catch (error) {
      this.#failures.push(errorFailure(instance.id, toFault(error)));
      return false;
    }
    this.#firstLimit = prepared.limit;
    this.#send(bid, breakers.begin(instance.id)!, prepared);
    return true;
  }

  #send(bid: Bid, pass: CircuitPass, prepared: PreparedCall): void {
    const attempt = new Attempt(this, bid, pass, prepared.tap);
    this.#prepared = prepared;
    this.#attempt = attempt;
    this.#book.begin(attempt);
    try {
      const flow = this.#tools.upstream.dispatch(prepared.call, attempt);
      attempt.flow ??= flow;
    } catch (cause) {
      attempt.onError(fault('BRS_UPSTREAM_CONNECT', { instance: bid.instance.id }, { cause }));
    }
  }

  /** A limit of the exchange's own has cut the answer: another part follows, or else `end`s it. */
  #goOn(attempt: Attempt, cut: CutAnswer, end: () => void): void {
    const { kind, usage } = cut;
    const written = (this.#parts?.usage.outputTokens ?? 0) + usage.outputTokens;
    const next = nextPartOf({
      kind,
      surface: this.#firstLimit!.surface,
      model: attempt.bid.instance.model,
      limitTokens: this.#firstLimit!.tokens,
      parts: this.#partCount,
      writtenTokens: written,
      usage: cut.isCounted ? usage : null,
    });
    if (next === null) return end();
    const behindTokens = kind === 'continue' ? written : 0;
    const grown = this.#reserve(behindTokens + next.tokensMax);
    const held = andThen(grown, () => {
      if (this.#isOver) return;
      const { ceiling } = this.#client;
      const leftTokens = ceiling === null ? null : ceiling.ceilingTokens - behindTokens;
      // Nothing is won by an answer that begins anew and may be no longer.
      const least = kind === 'continue' ? 1 : usage.outputTokens + 1;
      if (leftTokens !== null && leftTokens < least) return end();
      const further = { text: kind === 'continue' ? cut.text : null, tap: attempt.tap };
      this.#pending = { ...next, leftTokens, further };
      this.#nextPart(attempt, cut);
    });
    if (isPromise(held)) held.catch((error: unknown) => this.#break(attempt, toFault(error)));
  }

  #reserve(tokens: number): MaybeAsync<void> {
    const { ceiling } = this.#client;
    const missing = ceiling === null ? 0 : tokens - ceiling.ceilingTokens;
    return missing > 0 ? ceiling!.grow?.(missing) : undefined;
  }

  #nextPart(attempt: Attempt, cut: CutAnswer): void {
    const { bid } = attempt;
    const { kind } = cut;
    const instance = bid.instance.id;
    const decision = this.#decision.workload.id;
    const event = kind === 'continue' ? 'answer-continued' : 'answer-restarted';
    const limitTokens = this.#prepared!.limit!.tokens;
    this.#tools.onEvent({ kind: event, decision, instance, limitTokens });
    this.#endPart(attempt, cut);
    this.#partCount++;
    const out = attempt.tap?.endPart(kind) ?? null;
    if (out !== null) this.#client.sink.onData(out);
    if (this.#isOver || this.#dispatchPart(bid)) return;
    this.#break(attempt, fault('BRS_UPSTREAM_CUT', { instance }));
  }

  /** Takes down what the part was; one that is not gone on with is not charged. */
  #endPart(attempt: Attempt, cut: CutAnswer): void {
    const nowMs = this.clock.monotonicMs();
    this.#takeUp(attempt, cut);
    if (cut.kind === 'restart') this.#book.leave(attempt, 'ok', null, attempt.timing(nowMs));
    else this.#book.end(attempt, 'ok', null);
  }

  #takeUp(attempt: Attempt, { kind, usage, body }: CutAnswer): void {
    if (kind === 'restart') {
      this.#parts = new AnswerParts();
      this.#parts.last = attempt;
      return;
    }
    const nowMs = this.clock.monotonicMs();
    const parts = (this.#parts ??= new AnswerParts());
    parts.add(
      attempt,
      nowMs,
      usage,
      energyOfAttempt(attempt, nowMs, this.#tools, this.#decision).energyMicrojoules,
    );
    if (body !== null) parts.bodies.push(body);
  }

  /** Asks an instance for the part that is pending; false where it cannot be asked. */
  #dispatchPart(bid: Bid): boolean {
    const { breakers, engines } = this.#tools;
    const { further, leftTokens, limitTokens, tokensMax } = this.#pending!;
    const engine = engines.get(bid.instance.engine);
    if (engine === undefined || !breakers.isAvailable(bid.instance.id)) return false;
    const { workload, fleet } = this.#decision;
    const mayGoOn = workload.surface === 'completions' || continuesChat(engine, fleet, bid);
    if (further.text !== null && !mayGoOn) return false;
    let prepared: PreparedCall;
    try {
      const ceilingTokens = leftTokens === null ? null : Math.min(leftTokens, tokensMax);
      const target = {
        engine,
        state: stateIn(this.#decision.fleet, bid),
        ceilingTokens,
        limitTokens,
      };
      prepared = prepareCall(this.#decision, bid.instance, target, further);
    } catch {
      return false;
    }
    // On another surface, what it says would not fit to what the client has.
    const isTranslated = this.#prepared!.translation !== null;
    if ((prepared.translation !== null) !== isTranslated) return false;
    const pass = breakers.begin(bid.instance.id);
    if (pass === null) return false;
    this.#send(bid, pass, prepared);
    return true;
  }

  /** What the client has not got of a stream, another instance of the same model can still write. */
  #goOnElsewhere(attempt: Attempt, failure: Failure): boolean {
    if (this.#partCount === 1 && !attempt.hasStarted) return false;
    if (this.clock.monotonicMs() >= this.giveUpMs) return false;
    const { id: from, model } = attempt.bid.instance;
    let isReady = !attempt.hasStarted;
    for (let bid = this.#nextBid(); bid !== null; bid = this.#nextBid()) {
      if (bid.instance.model.id !== model.id) continue;
      if (!isReady && !this.#breakOff(attempt)) return false;
      isReady = true;
      const timing = attempt.timing(this.clock.monotonicMs());
      this.#book.leave(attempt, failure.result, failure.retryAfterMs, timing);
      if (!this.#dispatchPart(bid)) continue;
      const { id: instance } = bid.instance;
      const decision = this.#decision.workload.id;
      this.#tools.onEvent({ kind: 'answer-taken-over', decision, from, instance });
      return true;
    }
    return false;
  }

  /** Makes a part of what the client has of a stream that broke off; false where nobody can go on with it. */
  #breakOff(attempt: Attempt): boolean {
    const { ceiling } = this.#client;
    const cut = brokenStream(attempt, this.#prepared!, this.#decision);
    if (cut === null) return false;
    const written = this.#parts?.usage.outputTokens ?? 0;
    const { tap } = attempt;
    const { limit } = this.#prepared!;
    const rest = restOf(cut, written, { decision: this.#decision, tap, limit, ceiling });
    if (rest === null) return false;
    this.#pending = rest;
    this.#takeUp(attempt, cut);
    this.#partCount++;
    const out = attempt.tap!.endPart(cut.kind, cut.usage);
    if (out !== null) this.#client.sink.onData(out);
    return true;
  }

  /** The answer cannot go on: a stream ends with an error, and anything else is asked of the next instance. */
  #break(attempt: Attempt, problem: Fault): void {
    if (this.#isOver) return;
    if (this.#status === 0) {
      this.#failures.push(errorFailure(attempt.bid.instance.id, problem));
      return this.proceed();
    }
    const usage = this.#usageOf(attempt);
    const ending = { status: 'cut', httpStatus: this.#status, finishReason: null, usage } as const;
    this.#fail(problem, this.#settle(attempt, 'cut', ending));
  }

  /** Ends the request with nobody having served it. */
  #giveUp(): void {
    const problem = exhausted(this.#failures, this.#passedOver);
    const totalMs = this.clock.monotonicMs() - this.#decision.workload.startedMs;
    const { httpStatus } = problem;
    const bid = this.#attempt?.bid ?? null;
    this.#fail(problem, unserved({ bid, httpStatus, totalMs, attempts: this.#book.records }));
  }

  #fail(problem: Fault, result: AttemptsResult): void {
    this.#isOver = true;
    try {
      this.#client.sink.onError(problem);
    } finally {
      this.#client.onDone(result);
    }
  }

  /** Writes down the attempt that the request ends with, and what it is charged. */
  #settle(attempt: Attempt, outcome: AttemptResult, ending: Ending): AttemptsResult {
    this.#isOver = true;
    const nowMs = this.clock.monotonicMs();
    const parts = this.#parts;
    const timing = parts === null ? attempt.timing(nowMs) : parts.timingWith(attempt, nowMs);
    const energy = energyOfAttempt(attempt, nowMs, this.#tools, this.#decision);
    const isHeir = parts?.isHeir(attempt) === true;
    this.#book.leave(attempt, outcome, null, isHeir ? attempt.timing(nowMs) : timing);
    const totalMs = nowMs - this.#decision.workload.startedMs;
    const attempts = this.#book.records;
    const result = resultOf(attempt, ending, { parts, timing, energy, totalMs, attempts });
    return this.#tools.pay?.(this.#decision, result) ?? result;
  }

  #usageOf(attempt: Attempt): Usage {
    const parts = this.#parts;
    if (parts !== null && parts.last === attempt) return parts.usage;
    const own = usageOfAttempt(attempt, this.#decision);
    return parts === null ? own : parts.usageWith(own);
  }

  #headers(attempt: Attempt, result: AttemptsResult | null): Record<string, string> {
    const head = headOf(attempt, result, this.#book.records.length, this.#client.ceiling);
    return answerHeaders(this.#decision, attempt.bid, head);
  }
}
