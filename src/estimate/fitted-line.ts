import type { FittedLine } from '../contract/index.ts';

/** What a line is before anything was observed, and how it forgets. */
export interface LinePrior {
  /** Coefficients, and how far off each may be: the prior counts as if it had been measured. */
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** Deviation of a value, relative to its level. */
  readonly spread: number;
  /** Levels are not taken for smaller than this: nothing is measured more exactly. */
  readonly floor: number;
  /** After so many more observations an old one counts half. */
  readonly halfLife: number;
}

/** The p90 of the standard normal. */
export const NORMAL_P90 = 1.2815515655446004;

const SPREAD_HALF_LIFE = 256;
const SPREAD_MIN = 0.005;
const SPREAD_MAX = 4;
/** Residuals beyond so many deviations count less, by the ratio (P. J. Huber's ψ, 1964). */
const STRAY_DEVIATIONS = 2.5;
/** One residual moves the believed spread as if it were no further off than this. */
const STRAY_SPREAD = 4;
const DRIFT_HALF_LIFE = 6;
/** Errors that lie this far to one side for long are no strays: the quantity is another. */
const DRIFTING = 1.5;
/** So much of the prior's doubt comes back with each value while it drifts. */
const DOUBT = 0.1;
const TAIL_STEP = 0.015;
const TAIL_MIN = 0.3;
const TAIL_MAX = 6;
const VALUE_MAX = 1e12;

export function lineOf(prior: LinePrior): FittedLine {
  const { means, deviations, spread } = prior;
  const size = means.length;
  const covariance = Array.from({ length: size * size }, () => 0);
  for (let i = 0; i < size; i++) covariance[i * size + i] = deviations[i]! ** 2;
  return { coefficients: means, covariance, spread, tail: NORMAL_P90, drift: 0, weight: 0 };
}

/** The value on the line, never below 0. */
export function valueAt({ coefficients }: FittedLine, features: ArrayLike<number>): number {
  let value = 0;
  for (let i = 0; i < coefficients.length; i++) value += coefficients[i]! * features[i]!;
  return Math.max(0, value);
}

/** Variance of the value that comes from not knowing the coefficients: `xᵀPx`. */
export function lineVariance({ covariance }: FittedLine, features: ArrayLike<number>): number {
  const size = features.length;
  let variance = 0;
  for (let i = 0; i < size; i++) {
    const own = features[i]!;
    if (own === 0) continue;
    let row = 0;
    for (let j = 0; j < size; j++) row += covariance[i * size + j]! * features[j]!;
    variance += own * row;
  }
  return Math.max(0, variance);
}

/**
 * Recursive least squares with exponential forgetting (Plackett 1950; Ljung, System Identification,
 * §11), of values whose error grows with their level: all is divided by the level, so that a second of
 * error at ten seconds counts like a tenth at one. A stray value counts less; what is no number,
 * nothing. Forgetting never makes a coefficient less certain than its prior, and a coefficient that
 * would be negative is set to 0 in the direction that the evidence gives least for.
 */
export function observeOnLine(
  line: FittedLine,
  features: ArrayLike<number>,
  value: number,
  prior: LinePrior,
): FittedLine {
  if (!Number.isFinite(value) || Math.abs(value) > VALUE_MAX) return line;
  for (let i = 0; i < features.length; i++) if (!(Math.abs(features[i]!) <= VALUE_MAX)) return line;
  const size = line.coefficients.length;
  const expected = valueAt(line, features);
  const level = Math.max(expected, prior.floor);
  const noise = line.spread * line.spread;
  const unknown = lineVariance(line, features) / (level * level);
  const residual = (value - expected) / level;
  const deviations = residual / Math.sqrt(noise + unknown);
  const drift = nextDrift(line.drift, deviations);
  const isDrifting = Math.abs(drift) > DRIFTING;
  const stray = isDrifting ? 1 : Math.max(1, Math.abs(deviations) / STRAY_DEVIATIONS);

  const along = covarianceTimes(line.covariance, features, level);
  const total = (noise + unknown) * stray;
  const coefficients = line.coefficients.map((each, i) => each + (along[i]! / total) * residual);
  const covariance = line.covariance.slice();
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const at = i * size + j;
      covariance[at] = line.covariance[at]! - (along[i]! * along[j]!) / total;
    }
  }
  forget(covariance, prior, isDrifting ? DOUBT : 0);
  project(coefficients, covariance);
  return {
    coefficients,
    covariance,
    spread: nextSpread(line, residual),
    tail: nextTail(line, deviations),
    drift,
    weight: line.weight * 2 ** (-1 / prior.halfLife) + 1,
  };
}

function covarianceTimes(
  covariance: readonly number[],
  features: ArrayLike<number>,
  level: number,
): number[] {
  const size = features.length;
  const product = Array.from({ length: size }, () => 0);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += covariance[i * size + j]! * features[j]!;
    product[i] = sum / level;
  }
  return product;
}

/** Divides by the forgetting factor, and adds `doubt` of the prior's variance; where that passes the prior's variance, row and column shrink together. */
function forget(covariance: number[], { deviations, halfLife }: LinePrior, doubt: number): void {
  const size = deviations.length;
  const growth = 2 ** (1 / halfLife);
  for (let at = 0; at < covariance.length; at++) covariance[at]! *= growth;
  for (let i = 0; i < size; i++) {
    const most = deviations[i]! ** 2;
    // Rounding must not make it negative.
    const own = Math.max(covariance[i * size + i]! + doubt * most, most * 1e-9);
    covariance[i * size + i] = own;
    if (own <= most) continue;
    const shrink = Math.sqrt(most / own);
    for (let j = 0; j < size; j++) {
      covariance[i * size + j]! *= shrink;
      covariance[j * size + i]! *= shrink;
    }
  }
}

/** Moves a negative coefficient to 0, and the others along with it as their covariance says. */
function project(coefficients: number[], covariance: readonly number[]): void {
  const size = coefficients.length;
  for (let round = 0; round < size; round++) {
    let worst = -1;
    for (let i = 0; i < size; i++) {
      if (coefficients[i]! < 0 && (worst < 0 || coefficients[i]! < coefficients[worst]!)) worst = i;
    }
    if (worst < 0) return;
    const step = coefficients[worst]! / covariance[worst * size + worst]!;
    for (let i = 0; i < size; i++) coefficients[i]! -= covariance[i * size + worst]! * step;
    coefficients[worst] = 0;
  }
  for (let i = 0; i < size; i++) coefficients[i] = Math.max(0, coefficients[i]!);
}

function nextSpread({ spread, weight }: FittedLine, residual: number): number {
  const share = 1 - 2 ** (-1 / Math.min(SPREAD_HALF_LIFE, 4 + weight));
  const most = STRAY_SPREAD * spread;
  const square = Math.min(residual * residual, most * most);
  const next = Math.sqrt(spread * spread * (1 - share) + square * share);
  return Math.min(SPREAD_MAX, Math.max(SPREAD_MIN, next));
}

/** Stochastic approximation of the p90 of the deviations (Robbins and Monro, 1951). */
function nextTail({ tail }: FittedLine, deviations: number): number {
  const next = tail + TAIL_STEP * (deviations < tail ? -0.1 : 0.9);
  return Math.min(TAIL_MAX, Math.max(TAIL_MIN, next));
}

function nextDrift(drift: number, deviations: number): number {
  const kept = 2 ** (-1 / DRIFT_HALF_LIFE);
  const most = STRAY_SPREAD;
  return kept * drift + (1 - kept) * Math.min(most, Math.max(-most, deviations));
}
