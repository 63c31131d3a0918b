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
/** A bidder that promises less is taken to promise this: a promise of nothing could not be broken. */
export const PROMISED_MS_MIN = 1;
export const PROMISED_JOULES_MIN = 0.001;
/** An instance that always fails is taken to need this many attempts, not infinitely many. */
const ATTEMPTS_MAX = 10;

/** The reputation as it stands at `nowMs` (wall time): grievances decay, and a clock that jumps back changes nothing. */
export function reputationAt(reputation: Reputation, nowMs: number): Reputation {
  const { latencyRatio, failureRatio, energyRatio, missRatio, atMs } = reputation;
  const elapsedMs = nowMs - atMs;
  if (!(elapsedMs > 0)) return reputation;
  const isTimely = latencyRatio === 1 && failureRatio === 0;
  if (isTimely && (energyRatio ?? 1) === 1 && (missRatio ?? 0) === 0) return reputation;
  const kept = keptAfter(elapsedMs);
  return {
    ...reputation,
    latencyRatio: 1 + (latencyRatio - 1) * kept,
    failureRatio: failureRatio * kept,
    ...(energyRatio !== undefined && { energyRatio: 1 + (energyRatio - 1) * kept }),
    ...(missRatio !== undefined && { missRatio: missRatio * kept }),
    atMs: nowMs,
  };
}

/**
 * The factor by which promised times are corrected: the habitual lateness, times the attempts that
 * it takes until one succeeds, `1/(1 − f)`.
 */
export function inflationOf(reputation: Reputation): number {
  return reputation.latencyRatio * retriesOf(reputation);
}

/** The same of the reputation as it stands at `nowMs`, for a market that asks for every bid. */
export function inflationAt(reputation: Reputation, nowMs: number): number {
  const { latencyRatio, failureRatio, atMs } = reputation;
  const elapsedMs = nowMs - atMs;
  if (!(elapsedMs > 0) || (latencyRatio === 1 && failureRatio === 0))
    return inflationOf(reputation);
  const kept = keptAfter(elapsedMs);
  return (1 + (latencyRatio - 1) * kept) * retries(failureRatio * kept);
}

/** Attempts that it takes until one succeeds, `1/(1 − f)`. */
export function retriesOf({ failureRatio }: Pick<Reputation, 'failureRatio'>): number {
  return retries(failureRatio);
}

const retries = (failureRatio: number): number =>
  Math.min(ATTEMPTS_MAX, 1 / Math.max(1 / ATTEMPTS_MAX, 1 - failureRatio));

const keptAfter = (elapsedMs: number): number => 2 ** (-elapsedMs / HALF_LIFE_MS);

export interface ReputationRule {
  /** Weight of the newest observation in the EMA, 0–1. */
  readonly alpha: number;
  /** Ratios of outcome to promise up to this one (≥ 1) count as kept. */
  readonly graceRatio: number;
}

/** A promise that came due. Ratios are outcome over promise; null where it cannot be told. */
export interface Promised {
  readonly isKept: boolean;
  readonly ratio: number | null;
  readonly atMs: number;
  /** Set where the promise was a bidder's own, as it made it. */
  readonly quoted?: { readonly energyRatio: number | null };
  /** As how many observations it counts; unset: one. */
  readonly weight?: number;
}

/**
 * One promise came due. `ratio` is the realised over the promised time. Of the house's quotes the promise has its
 * correction in it: since a corrected promise is easier to keep, an instance that is always x
 * times late settles at √x: the loop is proportional and stays stable however many outcomes are
 * still under way, and what is left of the lateness is in the deviation. A bidder chooses what it promises, and
 * could be ahead of any root: its promise is taken as it made it, and it settles at x.
 */
export function observePromise(
  previous: Reputation,
  promise: Promised,
  { alpha, graceRatio }: ReputationRule,
): Reputation {
  const { isKept, ratio, atMs, quoted, weight = 1 } = promise;
  const before = reputationAt(previous, atMs);
  const share = weight === 1 ? alpha : 1 - (1 - alpha) ** weight;
  // Ratios span orders of magnitude: what a probe finds kept takes them back by their logarithm.
  const toward = (value: number, seen: number): number =>
    weight > 1 && seen < value && seen > 0
      ? value * (seen / value) ** share
      : value + share * (seen - value);
  const { latencyRatio, failureRatio, energyRatio = 1, missRatio = 0 } = before;
  // Of a bidder, no multiple is too large in the end: it must not pay to promise even less.
  const most = quoted === undefined ? RATIO_MAX : RATIO_MAX * latencyRatio;
  const after = {
    ...before,
    latencyRatio:
      ratio === null ? latencyRatio : toward(latencyRatio, excess(ratio, graceRatio, most)),
    failureRatio: toward(failureRatio, isKept ? 0 : 1),
    observations: before.observations + 1,
    atMs,
  };
  if (quoted === undefined) return after;
  const energy = quoted.energyRatio;
  return {
    ...after,
    energyRatio:
      energy === null
        ? energyRatio
        : toward(energyRatio, excess(energy, graceRatio, RATIO_MAX * energyRatio)),
    missRatio: toward(missRatio, 0),
  };
}

/** A bidder was asked for a quote, and gave none in time. */
export function observeMiss(
  previous: Reputation,
  atMs: number,
  { alpha }: Pick<ReputationRule, 'alpha'>,
): Reputation {
  const before = reputationAt(previous, atMs);
  const { missRatio = 0 } = before;
  return { ...before, missRatio: missRatio + alpha * (1 - missRatio), atMs };
}

function excess(ratio: number, graceRatio: number, most: number): number {
  if (!(ratio > Math.max(1, graceRatio))) return 1;
  return Math.min(most, ratio);
}
