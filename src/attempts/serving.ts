import { Fault, fault } from '../kernel/index.ts';
import type { Clock } from '../kernel/index.ts';
import type {
  AttemptPlan,
  AttemptRecord,
  AttemptResult,
  AttemptsResult,
  AwardedDecision,
  Bid,
  BourseEvent,
  Breakers,
  Engine,
  FlowController,
  InstanceState,
  ResponseSink,
  Upstream,
  Usage,
} from '../contract/index.ts';
import { answerHeaders } from './answer-headers.ts';
import { Attempt } from './attempt.ts';
import type { AttemptHost } from './attempt.ts';
import { errorFailure, exhausted } from './failure.ts';
import type { Failure } from './failure.ts';
import { prepareCall } from './prepared-call.ts';
import type { PreparedCall } from './prepared-call.ts';
import { NO_USAGE, chargeFor, energyOf, estimatedUsage, perTokenMs } from './settlement.ts';
import type { Timing } from './settlement.ts';
import { readAnswer } from './whole-answer.ts';
import type { WholeAnswer } from './whole-answer.ts';

/** What all requests of one worker share. */
export interface ServingTools {
  readonly upstream: Upstream;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly breakers: Breakers;
  readonly clock: Clock;
  readonly onEvent: (event: BourseEvent) => void;
}

/** The client's side of one request. */
export interface Client {
  readonly sink: ResponseSink;
  readonly ceilingTokens: number | null;
  readonly onDone: (result: AttemptsResult) => void;
}

/** How the request ended, as far as the attempt itself does not say it. */
interface Ending {
  readonly status: AttemptsResult['status'];
  readonly httpStatus: number;
  readonly finishReason: string | null;
  readonly usage: Usage;
}

/**
 * One request on its way down the ranking, one attempt after the other, until one serves: the
 * strategy `sequential`. Nothing reaches the client before the first content of an answer, so that
 * every failure before it is silent; after it, a failure is the answer's end. Only the attempt that
 * served is charged.
 */
export class Serving implements AttemptHost, FlowController {
  readonly clock: Clock;
  readonly plan: AttemptPlan;
  readonly giveUpMs: number;
  readonly #tools: ServingTools;
  readonly #decision: AwardedDecision;
  readonly #client: Client;
  readonly #records: AttemptRecord[] = [];
  readonly #failures: Failure[] = [];
  /** Instances that could not be asked, and why. */
  readonly #passedOver: string[] = [];
  #next = 0;
  #attempt: Attempt | null = null;
  #prepared: PreparedCall | null = null;
  #isOver = false;
  /** The status that the client has seen; 0 before any. */
  #status = 0;

  constructor(tools: ServingTools, decision: AwardedDecision, client: Client) {
    this.#tools = tools;
    this.clock = tools.clock;
    this.#decision = decision;
    this.#client = client;
    this.plan = decision.mandate.attempts;
    this.giveUpMs = tools.clock.monotonicMs() + this.plan.totalTimeoutMs;
  }

  /** Dispatches to the next of the ranking that can be asked; gives up when there is none. */
  proceed(): void {
    const { ranked } = this.#decision.result;
    while (this.#records.length < this.plan.max && this.#next < ranked.length) {
      const bid = ranked[this.#next++]!;
      if (this.#mayServe(bid) && this.#dispatch(bid)) return;
    }
    this.#giveUp();
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

  answered(attempt: Attempt, body: Buffer): void {
    const { sink, ceilingTokens, onDone } = this.#client;
    const httpStatus = attempt.status!;
    let answer: WholeAnswer;
    try {
      answer = readAnswer(this.#prepared!, { httpStatus, body, ceilingTokens });
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
    this.#status = attempt.status!;
    this.#client.sink.onStart(this.#status, this.#headers(attempt, null), this);
  }

  streamed(chunk: Buffer): boolean {
    return this.#client.sink.onData(chunk);
  }

  ended(attempt: Attempt): void {
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
    this.#failures.push(failure);
    const { instance, result } = failure;
    const decision = this.#decision.workload.id;
    this.#tools.onEvent({ kind: 'attempt-failed', decision, instance, result });
    if (attempt.hasStarted) {
      const { finishReason } = attempt.tap!;
      const usage = this.#usageOf(attempt);
      const ending = { status: 'cut', httpStatus: this.#status, finishReason, usage } as const;
      this.#fail(failure.fault, this.#settle(attempt, result, ending));
      return;
    }
    const nowMs = this.clock.monotonicMs();
    this.#leave(attempt, result, failure.retryAfterMs, attempt.timing(nowMs));
    if (nowMs < this.giveUpMs) this.proceed();
    else this.#giveUp();
  }

  #mayServe(bid: Bid): boolean {
    const { workload, result } = this.#decision;
    // Vectors of two models do not compare: an embedding never comes from another model.
    return (
      workload.surface !== 'embeddings' ||
      bid.instance.model.id === result.ranked[0]!.instance.model.id
    );
  }

  /** False when this instance cannot be asked. */
  #dispatch(bid: Bid): boolean {
    const { breakers, upstream, engines } = this.#tools;
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
        state: this.#stateOf(bid),
        ceilingTokens: this.#client.ceilingTokens,
      });
    } catch (error) {
      this.#failures.push(errorFailure(instance.id, toFault(error)));
      return false;
    }
    const pass = breakers.begin(instance.id)!;
    const attempt = new Attempt(this, bid, pass, prepared.tap);
    this.#prepared = prepared;
    this.#attempt = attempt;
    try {
      const flow = upstream.dispatch(prepared.call, attempt);
      attempt.flow ??= flow;
    } catch (cause) {
      attempt.onError(fault('BRS_UPSTREAM_CONNECT', { instance: instance.id }, { cause }));
    }
    return true;
  }

  /** Ends the request with nobody having served it. */
  #giveUp(): void {
    const problem = exhausted(this.#failures, this.#passedOver);
    const attempt = this.#attempt;
    const result: AttemptsResult = {
      bid: attempt?.bid ?? null,
      status: 'failed',
      httpStatus: problem.httpStatus,
      finishReason: null,
      usage: NO_USAGE,
      costPicoUsd: 0,
      energyMicrojoules: 0,
      energySource: 'unknown',
      ttftMs: null,
      totalMs: this.clock.monotonicMs() - this.#decision.workload.startedMs,
      perTokenMs: null,
      attempts: this.#records,
    };
    this.#fail(problem, result);
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
    const { bid } = attempt;
    const nowMs = this.clock.monotonicMs();
    const timing = attempt.timing(nowMs);
    const { usage } = ending;
    const isCharged = usage !== NO_USAGE;
    const energy = energyOf(bid, timing, {
      state: isCharged ? this.#stateOf(bid) : undefined,
      inFlight: this.#tools.breakers.inFlight(bid.instance.id),
    });
    this.#leave(attempt, outcome, null, timing);
    return {
      bid,
      status: ending.status,
      httpStatus: ending.httpStatus,
      finishReason: ending.finishReason,
      usage,
      costPicoUsd: chargeFor(bid, usage),
      energyMicrojoules: isCharged ? energy.energyMicrojoules : 0,
      energySource: energy.energySource,
      ttftMs: timing.ttftMs,
      totalMs: nowMs - this.#decision.workload.startedMs,
      perTokenMs: perTokenMs(timing, usage.outputTokens),
      attempts: this.#records,
    };
  }

  #leave(
    attempt: Attempt,
    result: AttemptResult,
    retryAfterMs: number | null,
    { ttftMs, totalMs }: Timing,
  ): void {
    const { bid, pass, status } = attempt;
    this.#tools.breakers.end(bid.instance.id, pass, result, retryAfterMs);
    this.#records.push({
      instance: bid.instance.id,
      result,
      status,
      ttftMs,
      totalMs,
      promisedTtftMs: bid.ttftMs.mean,
      promisedLatencyMs: bid.latencyMs.mean,
      promisedWaitMs: bid.waitMs,
      promisedOutputTokens: bid.outputTokens.mean,
    });
  }

  #usageOf(attempt: Attempt): Usage {
    const { tap, bid } = attempt;
    return tap?.usage ?? estimatedUsage(this.#decision, bid, tap?.contentEvents ?? 0);
  }

  #headers(attempt: Attempt, result: AttemptsResult | null): Record<string, string> {
    const isPriced = attempt.bid.instance.model.price !== null;
    return answerHeaders(this.#decision, attempt.bid, {
      contentType: attempt.headers['content-type'] ?? 'application/json',
      isStream: result === null,
      attempt: result === null ? this.#records.length + 1 : this.#records.length,
      chargedPicoUsd: result !== null && isPriced ? result.costPicoUsd : null,
      upstreamRequestId: attempt.headers['x-request-id'],
    });
  }

  #stateOf(bid: Bid): InstanceState | undefined {
    const { states } = this.#decision.fleet;
    const { id } = bid.instance;
    for (let i = 0; i < states.length; i++) if (states[i]!.instance.id === id) return states[i];
    return undefined;
  }
}

/** What went wrong while a request was prepared is the caller's to know only where it has a code. */
function toFault(error: unknown): Fault {
  return Fault.isInstance(error) ? error : fault('BRS_INTERNAL', {}, { cause: error });
}
