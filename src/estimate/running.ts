import type { Estimate, RunningEstimate } from '../contract/index.ts';

/** Nothing that is measured is larger: squares of it stay finite. */
const VALUE_MAX = 1e15;

/**
 * Adds one value to a running mean and variance with exponential forgetting: after `halfLife` more
 * observations an old one counts half (D. H. D. West's incremental update, with decayed weights). The
 * weight starts at 1 and tends to about 1.44 × `halfLife`, so a single observation never looks like a
 * thousand. A value that is not finite changes nothing.
 */
export function observe(
  previous: RunningEstimate | null,
  value: number,
  halfLife: number,
): RunningEstimate | null {
  if (!Number.isFinite(value)) return previous;
  const sample = Math.min(VALUE_MAX, Math.max(-VALUE_MAX, value));
  if (previous === null) return { mean: sample, variance: 0, weight: 1 };
  const kept = previous.weight * 2 ** (-1 / halfLife);
  const weight = kept + 1;
  const before = sample - previous.mean;
  const mean = previous.mean + before / weight;
  const variance = (kept * previous.variance + before * (sample - mean)) / weight;
  return { mean, variance: Math.max(0, variance), weight };
}

/** A value no further than `factor` times off what is believed: one stray measurement cannot upset a warm estimate. */
export function withinFactor(
  believed: RunningEstimate | null,
  value: number,
  factor: number,
): number {
  if (believed === null || believed.weight < WARM_WEIGHT || believed.mean <= 0) return value;
  return Math.min(believed.mean * factor, Math.max(believed.mean / factor, value));
}

const WARM_WEIGHT = 4;

/**
 * What to expect of the next value, given what was observed and what was thought before. The prior
 * counts as `k = 1/(1 + w)` observations, so it rules while nothing is known and fades with the
 * square of the evidence:
 *
 * `μ = (w·m + k·μ₀)/(w + k)`, `σ² = (w·v + k·σ₀² + w·k/(w + k)·(m − μ₀)²)/(w + k) · (1 + 1/(w + k))`
 *
 * (pooled normal evidence; the last factor is the uncertainty of the mean itself).
 */
export function expectedMean(observed: RunningEstimate | null, prior: Estimate): number {
  if (observed === null) return prior.mean;
  const w = observed.weight;
  const k = 1 / (1 + w);
  return (w * observed.mean + k * prior.mean) / (w + k);
}

export function expectedVariance(observed: RunningEstimate | null, prior: Estimate): number {
  if (observed === null) return prior.deviation * prior.deviation;
  const w = observed.weight;
  const k = 1 / (1 + w);
  const total = w + k;
  const apart = observed.mean - prior.mean;
  const pooled =
    w * observed.variance +
    k * prior.deviation * prior.deviation +
    ((w * k) / total) * apart * apart;
  return (pooled / total) * (1 + 1 / total);
}
