import type { AttemptRecord, BidMiss, Learner, Outcome } from '../contract/index.ts';
import { GOOD_REPUTATION, observeMiss, observePromise } from '../estimate/index.ts';
import { PROMISED_JOULES_MIN, PROMISED_MS_MIN } from '../estimate/index.ts';
import type { Promised } from '../estimate/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { CAPACITIES } from './capacities.ts';
import { servingAttempt } from './serving-attempt.ts';

/**
 * Learns whose word is good, from every attempt. Whoever bid and did not deliver broke a promise:
 * connection refused, an error status, a rate limit, a time-out, a cut or garbled answer. No verdict:
 * an abort (the client left), a connection that had gone stale, a rejected credential (the operator's matter), and an error status
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
          const promise = promiseOf(attempt, outcome, { isKept, isServing: attempt === serving });
          records.set(attempt.instance, observePromise(before, promise, rule));
        }
        for (const miss of outcome.bidMisses ?? NONE) {
          if (!wasAsked(miss)) continue;
          const before = records.get(miss.instance) ?? GOOD_REPUTATION;
          records.set(miss.instance, observeMiss(before, outcome.atMs, rule));
        }
      }
      const reputation = records.result();
      return reputation === beliefs.reputation ? beliefs : { ...beliefs, reputation };
    },
  };
}

const NONE: readonly BidMiss[] = [];

/** Whoever was not asked has broken no promise. */
const wasAsked = ({ cause }: BidMiss): boolean => cause !== 'busy' && cause !== 'silent';

/** A probe stands for the requests that the instance was not given: as many as it is rare. */
const PROBE_WEIGHT_MAX = 20;

function promiseOf(
  attempt: AttemptRecord,
  outcome: Outcome,
  { isKept, isServing }: { readonly isKept: boolean; readonly isServing: boolean },
): Promised {
  const { explored, propensity = 1, atMs } = outcome;
  const ratio = isServing ? ratioOf(attempt, outcome) : null;
  const weight =
    explored === 'probe' && attempt === outcome.attempts[0]
      ? Math.min(PROBE_WEIGHT_MAX, 1 / Math.max(propensity, 1 / PROBE_WEIGHT_MAX))
      : 1;
  if (attempt.quoted === undefined) return { isKept, ratio, atMs, weight };
  const energyRatio = isServing ? energyRatioOf(attempt.quoted, outcome, attempt) : null;
  return { isKept, ratio, atMs, weight, quoted: { energyRatio } };
}

/** Metered over promised energy, where the promise is taken for the tokens that really came. */
function energyRatioOf(
  { energyJoules }: NonNullable<AttemptRecord['quoted']>,
  { energyMicrojoules, energySource, usage }: Outcome,
  { promisedOutputTokens }: AttemptRecord,
): number | null {
  if (energyJoules === null || energySource === 'unknown') return null;
  const promisedTokens = Math.max(1, promisedOutputTokens ?? usage.outputTokens);
  const length = Math.max(1, usage.outputTokens) / promisedTokens;
  return quotient(energyMicrojoules / 1e6, Math.max(PROMISED_JOULES_MIN, energyJoules * length));
}

/** What a server answers to a request that is wrong in itself. */
const REQUEST_FAULTS: ReadonlySet<number> = new Set([400, 413, 415, 422]);

function isBroken({ result, status }: AttemptRecord): boolean {
  switch (result) {
    case 'ok':
    case 'aborted':
    case 'stale':
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
  const least = attempt.quoted === undefined ? 0 : PROMISED_MS_MIN;
  if (ttftMs === null) return quotient(totalMs, Math.max(least, promisedMs));
  if (perTokenMs === null) return quotient(ttftMs, Math.max(least, promisedTtftMs));
  return quotient(ttftMs + perTokenMs * gaps, Math.max(least, promisedMs));
}

function quotient(realisedMs: number, promisedMs: number): number | null {
  const ratio = realisedMs / promisedMs;
  return Number.isFinite(ratio) ? ratio : null;
}
