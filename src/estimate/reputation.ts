import type { Reputation } from '../contract/index.ts';

export const GOOD_REPUTATION: Reputation = {
  latencyRatio: 1,
  failureRatio: 0,
  observations: 0,
  atMs: 0,
};

/** What is held against an instance halves in this time, so that one nobody dares to try is tried again. */
const HALF_LIFE_MS = 300_000;
/** One broken promise counts as this many times late at most. */
const RATIO_MAX = 10;
/** An instance that always fails is taken to need this many attempts, not infinitely many. */
const ATTEMPTS_MAX = 10;

/** The reputation as it stands at `nowMs` (wall time): grievances decay, and a clock that jumps back changes nothing. */
export function reputationAt(reputation: Reputation, nowMs: number): Reputation {
  const { latencyRatio, failureRatio, observations, atMs } = reputation;
  const elapsedMs = nowMs - atMs;
  if (!(elapsedMs > 0) || (latencyRatio === 1 && failureRatio === 0)) return reputation;
  const kept = keptAfter(elapsedMs);
  return {
    latencyRatio: 1 + (latencyRatio - 1) * kept,
    failureRatio: failureRatio * kept,
    observations,
    atMs: nowMs,
  };
}

/**
 * The factor by which promised times are corrected: the habitual lateness, times the attempts that
 * it takes until one succeeds, `1/(1 − f)`.
 */
export function inflationOf({ latencyRatio, failureRatio }: Reputation): number {
  return inflation(latencyRatio, failureRatio);
}

/** The same of the reputation as it stands at `nowMs`, for a market that asks for every bid. */
export function inflationAt(reputation: Reputation, nowMs: number): number {
  const { latencyRatio, failureRatio, atMs } = reputation;
  const elapsedMs = nowMs - atMs;
  if (!(elapsedMs > 0) || (latencyRatio === 1 && failureRatio === 0))
    return inflationOf(reputation);
  const kept = keptAfter(elapsedMs);
  return inflation(1 + (latencyRatio - 1) * kept, failureRatio * kept);
}

const keptAfter = (elapsedMs: number): number => 2 ** (-elapsedMs / HALF_LIFE_MS);

function inflation(latencyRatio: number, failureRatio: number): number {
  return latencyRatio * Math.min(ATTEMPTS_MAX, 1 / Math.max(1 / ATTEMPTS_MAX, 1 - failureRatio));
}

export interface ReputationRule {
  /** Weight of the newest observation in the EMA, 0–1. */
  readonly alpha: number;
  /** Ratios of outcome to promise up to this one (≥ 1) count as kept. */
  readonly graceRatio: number;
}

/**
 * One promise came due. `ratio` is the realised over the promised time, correction included (null
 * where it cannot be told). Since a corrected promise is easier to keep, a bidder who is always x
 * times late settles at √x: the loop is proportional and stays stable however many outcomes are
 * still under way, and what is left of the lateness is in the deviation.
 */
export function observePromise(
  previous: Reputation,
  promise: { readonly isKept: boolean; readonly ratio: number | null; readonly atMs: number },
  { alpha, graceRatio }: ReputationRule,
): Reputation {
  const { latencyRatio, failureRatio, observations } = reputationAt(previous, promise.atMs);
  const failure = promise.isKept ? 0 : 1;
  return {
    latencyRatio:
      promise.ratio === null
        ? latencyRatio
        : latencyRatio + alpha * (lateness(promise.ratio, graceRatio) - latencyRatio),
    failureRatio: failureRatio + alpha * (failure - failureRatio),
    observations: observations + 1,
    atMs: promise.atMs,
  };
}

function lateness(ratio: number, graceRatio: number): number {
  if (!(ratio > Math.max(1, graceRatio))) return 1;
  return Math.min(RATIO_MAX, ratio);
}
