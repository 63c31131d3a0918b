import { Fault, fault } from '../kernel/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import type { AttemptResult } from '../contract/index.ts';
import { readRetryAfter } from '../wire/index.ts';

/** Why one attempt did not serve. `fault` is what the client is told if nobody else does. */
export interface Failure {
  readonly instance: InstanceId;
  readonly result: AttemptResult;
  readonly fault: Fault;
  /** What a rate-limited or overloaded instance asked for. */
  readonly retryAfterMs: number | null;
}

/** How an answer is taken by its status alone. */
type Reading = 'served' | 'client-fault' | 'failed';

/**
 * Statuses that are the client's own fault: they go back unchanged, since every instance would say
 * the same. A 404 is not among them: the exchange chose the path and the model, not the client.
 */
const CLIENT_FAULTS = new Set([400, 413, 415, 422]);

export function readStatus(status: number): Reading {
  if (status >= 200 && status < 300) return 'served';
  return CLIENT_FAULTS.has(status) ? 'client-fault' : 'failed';
}

/**
 * What a failing status means. The exchange's own credential is the operator's matter: a 401, 402
 * or 403 of an instance must never make clients suspect their key.
 */
export function statusFailure(
  instance: InstanceId,
  status: number,
  headers: Readonly<Record<string, string>>,
): Failure {
  if (status === 401 || status === 402 || status === 403) {
    const problem = fault('BRS_UPSTREAM_CREDENTIAL', { instance });
    return { instance, result: 'credential', fault: problem, retryAfterMs: null };
  }
  if (status === 429) {
    const retryAfterMs = readRetryAfter(headers);
    const seconds = Math.ceil((retryAfterMs ?? 1000) / 1000);
    const details = { instance, seconds };
    const problem = fault('BRS_UPSTREAM_RATE', details, { retryAfterSeconds: seconds });
    return { instance, result: 'rate-limited', fault: problem, retryAfterMs };
  }
  const problem = fault('BRS_UPSTREAM_STATUS', { instance, status });
  const retryAfterMs = OVERLOADED.has(status) ? readRetryAfter(headers) : null;
  return { instance, result: 'status', fault: problem, retryAfterMs };
}

/** A server that is overloaded may say when to come back; 529 is Anthropic's. */
const OVERLOADED = new Set([503, 529]);

/** Reads what the upstream's error means: faults of the catalogue say it, anything else is a cut. */
export function errorFailure(instance: InstanceId, error: Error): Failure {
  const problem = Fault.isInstance(error)
    ? error
    : fault('BRS_UPSTREAM_CUT', { instance }, { cause: error });
  return { instance, result: resultOf(problem), fault: problem, retryAfterMs: null };
}

function resultOf(problem: Fault): AttemptResult {
  if (problem.code === 'BRS_UPSTREAM_CONNECT') return 'connect';
  if (problem.code === 'BRS_UPSTREAM_TIMEOUT') return 'timeout';
  if (problem.code === 'BRS_UPSTREAM_STALE') return 'stale';
  return problem.code === 'BRS_UPSTREAM_CUT' ? 'cut' : 'protocol';
}

export function timeoutFailure(instance: InstanceId, waitedMs: number): Failure {
  const problem = fault('BRS_UPSTREAM_TIMEOUT', { instance, seconds: Math.round(waitedMs / 1000) });
  return { instance, result: 'timeout', fault: problem, retryAfterMs: null };
}

export function protocolFailure(instance: InstanceId, reason: string): Failure {
  const problem = fault('BRS_UPSTREAM_PROTOCOL', { instance, reason });
  return { instance, result: 'protocol', fault: problem, retryAfterMs: null };
}

export function cutFailure(instance: InstanceId): Failure {
  const problem = fault('BRS_UPSTREAM_CUT', { instance });
  return { instance, result: 'cut', fault: problem, retryAfterMs: null };
}

/** An error frame inside a stream: the instance says itself that it failed. */
export function frameFailure(instance: InstanceId): Failure {
  return { ...cutFailure(instance), result: 'status' };
}

/** What the client is told when nobody served. `passedOver` names instances that could not be asked, and why. */
export function exhausted(failures: readonly Failure[], passedOver: readonly string[]): Fault {
  const only = failures[0];
  if (only !== undefined && failures.length === 1 && passedOver.length === 0) return only.fault;
  if (only !== undefined && failures.every(({ result }) => result === 'rate-limited')) {
    return failures.reduce((soonest, each) => (waitOf(each) < waitOf(soonest) ? each : soonest))
      .fault;
  }
  if (
    only !== undefined &&
    failures.every(({ fault: problem }) => isSameOfClient(problem, only.fault))
  ) {
    return only.fault;
  }
  const tried = failures.map(({ instance, result }) => `${instance}: ${result}`);
  return fault('BRS_ATTEMPTS_EXHAUSTED', { detail: [...tried, ...passedOver].join('; ') });
}

/** A request that cannot be put to any instance for one reason: the client has to hear it. */
const isSameOfClient = (problem: Fault, first: Fault): boolean =>
  problem.code === first.code && problem.httpStatus === 400;

const waitOf = ({ retryAfterMs }: Failure): number => retryAfterMs ?? 1000;

/** What went wrong while a request was prepared is the caller's to know only where it has a code. */
export function toFault(error: unknown): Fault {
  return Fault.isInstance(error) ? error : fault('BRS_INTERNAL', {}, { cause: error });
}
