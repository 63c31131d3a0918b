import type { ContextPrior, ContextRecord, ContextSpace, Estimate } from '../contract/index.ts';
import type { Forgetting } from './accuracy.ts';

/**
 * P(correct) of a model on one request as a Bayesian logistic regression on the request's context `x`:
 * `P = σ(o + θ·x)`, where `o` are the log-odds that were believed before any verdict and `θ ~ N(m, S)` is what
 * verdicts have taught. Requests with like contexts share what is learned: the linear kernel `x·x′` is what
 * makes two of them neighbours. `θ` is fitted one verdict at a time (extended Kalman filter):
 *
 * `p = σ((o + m·x)/√(1 + πv/8))`  `v = xᵀSx`  `k = 1/(1 + w·p(1−p)·v)`
 * `m ← m + k·w·(y − p)·Sx`  `S ← S − k·w·p(1−p)·(Sx)(Sx)ᵀ`
 *
 * for a verdict `y` of weight `w`. Forgetting draws `N(m, S)` back towards the prior `N(0, S₀)`.
 */
export interface ContextVerdict {
  readonly values: ArrayLike<number>;
  readonly prior: ContextPrior;
  readonly score: number;
  readonly weight: number;
  readonly atMs: number;
}

/** No log-odds are farther from even than this. */
const LOGIT_MAX = 7;
/** Curvature of a certain answer is nothing: a wrong one must still teach. */
const LEAST_CURVATURE = 1e-3;
/** Little support is much: at 1, near requests would wait for verdicts that few of them need (docs/decisions/0017). */
const SUPPORT_POWER = 0.25;
/** A Beta that rests on two questions: no estimate is less sure. */
const DOUBT_MAX = 1 / 3;

export function logitOf(rate: number): number {
  if (rate <= 0) return -LOGIT_MAX;
  if (rate >= 1) return LOGIT_MAX;
  return bounded(Math.log(rate / (1 - rate)));
}

const bounded = (logit: number): number => Math.max(-LOGIT_MAX, Math.min(LOGIT_MAX, logit));
const logistic = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** The variance of log-odds that rest on so many questions. */
function levelVarianceOf({ logit, questions }: ContextPrior): number {
  const mean = logistic(logit);
  return 1 / (Math.max(1, questions) * Math.max(LEAST_CURVATURE, mean * (1 - mean)));
}

/**
 * The estimate in one context; without a record, of the prior alone. A line through a few neighbours says much of far
 * requests that nobody judged: what was learned beyond the level counts by the fourth root of its support `1 − v/v₀`, the
 * share of the prior variance in the direction of `x` that verdicts have explained.
 */
export function accuracyInContext(
  record: ContextRecord | undefined,
  prior: ContextPrior,
  { space, values }: { readonly space: ContextSpace; readonly values: ArrayLike<number> },
): Estimate {
  const { size, variances } = space;
  let unexplained = 0;
  for (let j = 1; j < size; j++) unexplained += variances[j]! * values[j]! * values[j]!;
  unexplained *= prior.spread;
  if (record === undefined || record.space !== space.name) {
    return estimateOf(prior.logit, levelVarianceOf(prior) + unexplained);
  }
  const { mean, covariance } = record;
  let learned = 0;
  let across = 0;
  let left = 0;
  for (let i = 1, at = size; i < size; i++, at += size) {
    const own = values[i]!;
    learned += mean[i]! * own;
    across += covariance[at]! * own;
    let sum = 0;
    for (let j = 1; j < i; j++) sum += covariance[at + j]! * values[j]!;
    left += own * (2 * sum + covariance[at + i]! * own);
  }
  const support = unexplained > 0 ? Math.max(0, 1 - left / unexplained) ** SUPPORT_POWER : 0;
  const variance = covariance[0]! + 2 * across + left;
  return estimateOf(prior.logit + mean[0]! + support * learned, Math.max(0, variance));
}

/** MacKay's approximation of the integral of σ over a normal. */
function estimateOf(logit: number, variance: number): Estimate {
  const mean = logistic(bounded(logit) / Math.sqrt(1 + (Math.PI / 8) * variance));
  const spread = mean * (1 - mean);
  return { mean, deviation: Math.min(spread * Math.sqrt(variance), Math.sqrt(DOUBT_MAX * spread)) };
}

/** The record after one more verdict; one of another space begins anew. */
export function learnInContext(
  record: ContextRecord | undefined,
  verdict: ContextVerdict,
  space: ContextSpace,
  forgetting: Forgetting,
): ContextRecord {
  const { values, prior, score, weight } = verdict;
  const { size } = space;
  const isNew = record === undefined || record.space !== space.name;
  const before = isNew ? emptyRecord(prior, space, verdict.atMs) : record;
  const kept = keptOf(before, verdict, forgetting);
  const { mean, covariance } = faded(before, space, kept);
  const gain = new Float64Array(size);
  let logit = prior.logit;
  let variance = 0;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += covariance[i * size + j]! * values[j]!;
    gain[i] = sum;
    variance += sum * values[i]!;
    logit += mean[i]! * values[i]!;
  }
  const { mean: believed } = estimateOf(logit, variance);
  const curvature = weight * Math.max(LEAST_CURVATURE, believed * (1 - believed));
  const step = 1 / (1 + curvature * variance);
  for (let i = 0; i < size; i++) {
    mean[i]! += step * weight * (score - believed) * gain[i]!;
    const own = step * curvature * gain[i]!;
    for (let j = 0; j < size; j++) covariance[i * size + j]! -= own * gain[j]!;
  }
  return {
    space: space.name,
    mean,
    covariance,
    levelVariance: before.levelVariance,
    spread: before.spread,
    weight: before.weight * kept + weight,
    atMs: Math.max(before.atMs, verdict.atMs),
  };
}

function emptyRecord(prior: ContextPrior, space: ContextSpace, atMs: number): ContextRecord {
  const { size } = space;
  const levelVariance = levelVarianceOf(prior);
  const covariance = Array.from({ length: size * size }, () => 0);
  const record = { space: space.name, levelVariance, spread: prior.spread, weight: 0, atMs };
  for (let j = 0; j < size; j++) covariance[j * size + j] = priorVariance(record, space, j);
  return { ...record, mean: Array.from({ length: size }, () => 0), covariance };
}

const priorVariance = (
  { levelVariance, spread }: Pick<ContextRecord, 'levelVariance' | 'spread'>,
  { variances }: ContextSpace,
  j: number,
): number => (j === 0 ? levelVariance : spread * variances[j]!);

/** What is kept of the record when a verdict comes: by number and by age. A clock that jumps back changes nothing. */
function keptOf(
  { atMs }: ContextRecord,
  verdict: Pick<ContextVerdict, 'atMs' | 'weight'>,
  { halfLifeVerdicts, halfLifeMs }: Forgetting,
): number {
  const elapsedMs = Math.max(0, verdict.atMs - atMs);
  return 2 ** (-elapsedMs / halfLifeMs - verdict.weight / halfLifeVerdicts);
}

/** One step forgets no more than this share; more is forgotten in steps. */
const STEP_MAX = 0.05;
/** What is left of so little is nothing. */
const KEPT_MIN = 1e-3;

/**
 * Of the information `Λ = S⁻¹` and `Λm` the share `κ` is kept, and the rest is the prior's: with `ε = 1 − κ`
 * and to the first order, `S ← S + ε(S − SΛ₀S)` and `m ← m − εSΛ₀m`.
 */
function faded(
  record: ContextRecord,
  space: ContextSpace,
  kept: number,
): { mean: number[]; covariance: number[] } {
  const { size } = space;
  const mean = record.mean.slice();
  const covariance = record.covariance.slice();
  if (kept < KEPT_MIN) {
    covariance.fill(0);
    mean.fill(0);
    for (let j = 0; j < size; j++) covariance[j * size + j] = priorVariance(record, space, j);
    return { mean, covariance };
  }
  const steps = Math.ceil((1 - kept) / STEP_MAX);
  const share = 1 - kept ** (1 / Math.max(1, steps));
  const precisions = Float64Array.from(mean, (_, j) => 1 / priorVariance(record, space, j));
  for (let step = 0; step < steps; step++) forget(mean, covariance, precisions, share);
  return { mean, covariance };
}

/** One step, in place. */
function forget(
  mean: number[],
  covariance: number[],
  precisions: Float64Array,
  share: number,
): void {
  const size = mean.length;
  const before = Float64Array.from(covariance);
  const losses = new Float64Array(size);
  const row = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let lost = 0;
    // A row of SΛ₀.
    for (let k = 0; k < size; k++) {
      row[k] = before[i * size + k]! * precisions[k]!;
      lost += row[k]! * mean[k]!;
    }
    losses[i] = share * lost;
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      // The matrix is symmetric: its column is its row.
      for (let k = 0; k < size; k++) sum += row[k]! * before[j * size + k]!;
      const own = before[i * size + j]!;
      covariance[i * size + j] = covariance[j * size + i] = own + share * (own - sum);
    }
  }
  for (let i = 0; i < size; i++) mean[i]! -= losses[i]!;
}

/** The record as it stands later: verdicts fade with time. */
export function contextAt(
  record: ContextRecord,
  space: ContextSpace,
  nowMs: number,
  halfLifeMs: number,
): ContextRecord {
  const kept = 2 ** (-Math.max(0, nowMs - record.atMs) / halfLifeMs);
  if (record.space !== space.name || kept > 1 - 1e-3) return record;
  return { ...record, ...faded(record, space, kept), weight: record.weight * kept };
}

/** What a record from a store has to be. */
export function isContextRecord(record: Partial<ContextRecord>): boolean {
  const { space, mean, covariance, levelVariance, spread, weight, atMs } = record;
  if (typeof space !== 'string' || !Array.isArray(mean) || !Array.isArray(covariance)) return false;
  const isSized = mean.length <= SIZE_MAX && covariance.length === mean.length ** 2;
  return (
    isSized &&
    mean.every(Number.isFinite) &&
    covariance.every(Number.isFinite) &&
    isPositive(levelVariance) &&
    isPositive(spread) &&
    isPositive(weight) &&
    Number.isFinite(atMs)
  );
}

/** Numbers per context. */
export const SIZE_MAX = 64;

const isPositive = (value: number | undefined): boolean =>
  value !== undefined && value > 0 && value < Infinity;
