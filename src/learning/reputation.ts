import type { AttemptRecord, Learner, Outcome } from '../contract/index.ts';
import { GOOD_REPUTATION, observePromise } from '../estimate/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { CAPACITIES } from './capacities.ts';
import { servingAttempt } from './serving-attempt.ts';

/**
 * Learns whose word is good, from every attempt. Whoever bid and did not deliver broke a promise:
 * connection refused, an error status, a rate limit, a time-out, a cut or garbled answer. No verdict:
 * an abort (the client left), a rejected credential (the operator's matter), and an error status
 * that says that the request was at fault.
 */
export function createReputationLearner(): Learner {
  return {
    apiVersion: 1,
    name: 'reputation',
    learn(beliefs, outcomes, { reputation: rule }) {
      const records = new BoundedMap(beliefs.reputation, CAPACITIES.instances);
      for (const outcome of outcomes) {
        const serving = servingAttempt(outcome);
        for (const attempt of outcome.attempts) {
          const isKept = attempt.result === 'ok';
          if (!isKept && !isBroken(attempt)) continue;
          const before = records.get(attempt.instance) ?? GOOD_REPUTATION;
          const ratio = attempt === serving ? ratioOf(attempt, outcome) : null;
          const promise = { isKept, ratio, atMs: outcome.atMs };
          records.set(attempt.instance, observePromise(before, promise, rule));
        }
      }
      const reputation = records.result();
      return reputation === beliefs.reputation ? beliefs : { ...beliefs, reputation };
    },
  };
}

/** What a server answers to a request that is wrong in itself. */
const REQUEST_FAULTS: ReadonlySet<number> = new Set([400, 413, 415, 422]);

function isBroken({ result, status }: AttemptRecord): boolean {
  switch (result) {
    case 'ok':
    case 'aborted':
    case 'credential':
      return false;
    case 'status':
      return status === null || !REQUEST_FAULTS.has(status);
    case 'connect':
    case 'rate-limited':
    case 'timeout':
    case 'cut':
    case 'protocol':
      return true;
    default:
      return result satisfies never;
  }
}

/**
 * Realised over promised time, where the promise is taken for the tokens that really came: a long
 * answer is not the instance's fault. A stream is judged by its first token and its pace, so that a
 * client that reads slowly harms nobody.
 */
function ratioOf(attempt: AttemptRecord, { usage, perTokenMs }: Outcome): number | null {
  const { ttftMs, totalMs, promisedTtftMs, promisedLatencyMs, promisedOutputTokens } = attempt;
  if (promisedTtftMs === null || promisedLatencyMs === null) return null;
  const gaps = Math.max(0, usage.outputTokens - 1);
  const promisedGaps = Math.max(0, (promisedOutputTokens ?? usage.outputTokens) - 1);
  const decodeMs = Math.max(0, promisedLatencyMs - promisedTtftMs);
  const promisedMs = promisedTtftMs + (promisedGaps > 0 ? (decodeMs * gaps) / promisedGaps : 0);
  if (ttftMs === null) return quotient(totalMs, promisedMs);
  if (perTokenMs === null) return quotient(ttftMs, promisedTtftMs);
  return quotient(ttftMs + perTokenMs * gaps, promisedMs);
}

function quotient(realisedMs: number, promisedMs: number): number | null {
  const ratio = realisedMs / promisedMs;
  return Number.isFinite(ratio) ? ratio : null;
}
