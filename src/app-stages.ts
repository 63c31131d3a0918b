import { Fault, andThen, assert, fault, isPromise } from './kernel/index.ts';
import type { Clock, MaybeAsync } from './kernel/index.ts';
import { isRefusal, SPENDING_IN_VIEW } from './contract/index.ts';
import type {
  AttemptsResult,
  AwardedDecision,
  BourseEvent,
  Decision,
  FlowController,
} from './contract/index.ts';
import type { FlowRelay, Observer, Quotes, Refusal, ResponseSink } from './contract/index.ts';
import type { Mandate, RunAttempts, ShadowPriceList, SignalReader } from './contract/index.ts';
import type { Workload, World } from './contract/index.ts';

/** The most parameters that a stage has. */
const PARAMETERS_MAX = 4;

/**
 * Wraps a stage so that the observer hears how long it took; a slow stage is timed until it settles.
 * The wrapper has four parameters, whatever the stage takes: a rest parameter would make an array for
 * every call, and a parameter too many costs nothing.
 */
export function observed<A extends readonly unknown[], R>(options: {
  readonly name: string;
  readonly stage: (...args: A) => R;
  readonly observer: Observer;
  readonly clock: Clock;
}): (...args: A) => R {
  const { name, observer, clock } = options;
  const stage = options.stage as unknown as (a: unknown, b: unknown, c: unknown, d: unknown) => R;
  assert(stage.length <= PARAMETERS_MAX, `the stage ${name} has too many parameters to be timed`);
  const hear = (startedMs: number): void =>
    observer.stage(name, (clock.monotonicMs() - startedMs) * 1000);
  const timed = (a: unknown, b: unknown, c: unknown, d: unknown): R => {
    const startedMs = clock.monotonicMs();
    const result = stage(a, b, c, d);
    if (result instanceof Promise) {
      result.then(
        () => hear(startedMs),
        () => hear(startedMs),
      );
    } else {
      hear(startedMs);
    }
    return result;
  };
  return timed as unknown as (...args: A) => R;
}

/** Remembers what the client asked for until there is a flow to ask. */
export function createRelay(): FlowRelay {
  return new Relay();
}

class Relay implements FlowRelay {
  #flow: FlowController | null = null;
  #isPaused = false;
  #isAborted = false;

  attach(flow: FlowController): void {
    this.#flow = flow;
    if (this.#isAborted) flow.abort();
    else if (this.#isPaused) flow.pause();
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  pause(): void {
    this.#isPaused = true;
    this.#flow?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#flow?.resume();
  }

  abort(): void {
    this.#isAborted = true;
    this.#flow?.abort();
  }
}

const NO_FLOW: FlowController = { pause: () => {}, resume: () => {}, abort: () => {} };

/** Ends the request with the refusal, as a fault of the catalogue. */
export function refuse(decision: Decision, client: ResponseSink): FlowController {
  const { result } = decision;
  assert(isRefusal(result), 'only a refusal refuses');
  const { code, message, retryAfterSeconds } = result;
  client.onError(new Fault(code, message, null, { retryAfterSeconds }));
  return NO_FLOW;
}

/** A budget's refusal comes after the auction: its bids stay part of the explanation. */
export function withQuotes(
  refusal: Refusal,
  { result }: AwardedDecision,
): Refusal & { quotes: Quotes } {
  return { ...refusal, quotes: { bids: result.ranked, excluded: result.excluded } };
}

/** The policy's answer in one world: what it may read of budgets in view, and their scarcity priced in. */
export function decidePolicy(
  workload: Workload,
  signals: SignalReader,
  { policy, fleet, preferences, spending, shadow }: World,
): MaybeAsync<Mandate | Refusal> {
  if (spending !== undefined) signals.share(SPENDING_IN_VIEW).spending = spending;
  const own = preferences.get(workload.caller.tenant) ?? null;
  const decided = policy.decide(workload, signals, fleet, own);
  if (shadow === undefined) return decided;
  return andThen(decided, (mandate) => withShadowPrices(mandate, workload, shadow));
}

/** Puts the prices of scarce budgets beside those of the objective. */
function withShadowPrices(
  mandate: Mandate | Refusal,
  { caller, user, receivedAtMs }: Workload,
  prices: ShadowPriceList,
): Mandate | Refusal {
  if (isRefusal(mandate)) return mandate;
  const { tenant, key } = caller;
  const shadow = prices.pricesFor({ tenant, key, user, route: mandate.route }, receivedAtMs);
  return shadow === null ? mandate : { ...mandate, shadow };
}

/** What the observer hears of a refused decision. Served ones are counted by their outcome. */
export function refusedEvent(decision: Decision): BourseEvent {
  const { result, workload } = decision;
  assert(isRefusal(result), 'only a refusal refuses');
  return { kind: 'refused', decision: workload.id, reason: result.reason, code: result.code };
}

/** Runs a stretch of the director; what it throws or rejects with is the client's terminal event. */
export function guarded(work: () => MaybeAsync<void>, client: ResponseSink): void {
  const fail = (error: unknown): void => client.onError(asFault(error));
  try {
    const running = work();
    if (isPromise(running)) running.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** Attempts that fail to begin end like attempts that failed: what was reserved is settled. */
export function containAttempts(run: RunAttempts, clock: Clock): RunAttempts {
  return (decision, ceiling, sink, onDone) => {
    try {
      return run(decision, ceiling, sink, onDone);
    } catch (error) {
      const problem = asFault(error);
      sink.onError(problem);
      onDone(unasked(decision, clock, { status: 'failed', httpStatus: problem.httpStatus }));
      return NO_FLOW;
    }
  };
}

/** Ends a request whose client has left before anybody was asked: what was reserved is settled. */
export const leaveUnasked =
  (clock: Clock): RunAttempts =>
  (decision, _ceiling, sink, onDone) => {
    const problem = fault('BRS_ABORTED');
    sink.onError(problem);
    onDone(unasked(decision, clock, { status: 'aborted', httpStatus: problem.httpStatus }));
    return NO_FLOW;
  };

const unasked = (
  { workload }: AwardedDecision,
  clock: Clock,
  ending: Pick<AttemptsResult, 'status' | 'httpStatus'>,
): AttemptsResult => ({
  ...ending,
  bid: null,
  finishReason: null,
  usage: { promptTokens: 0, cachedTokens: 0, outputTokens: 0, isEstimated: false },
  costPicoUsd: 0,
  energyMicrojoules: 0,
  energySource: 'unknown',
  ttftMs: null,
  totalMs: clock.monotonicMs() - workload.startedMs,
  perTokenMs: null,
  attempts: [],
});

function asFault(error: unknown): Fault {
  return Fault.isInstance(error) ? error : fault('BRS_INTERNAL', {}, { cause: error });
}
