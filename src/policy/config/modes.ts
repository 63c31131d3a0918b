import type { Limits, Objective } from '../../contract/index.ts';

/**
 * The built-in modes, in USD. One call of some hundred tokens costs about 0.00005 on a small model
 * and 0.0005 on a large one; the prices are chosen against that.
 * - accuracy: a wrong answer costs a hundred calls, so the most able model wins.
 * - economy: a wrong answer costs two large calls; electricity costs 0.15 per kWh. Cheap unless it fails.
 * - eco: a kilojoule costs ten large calls, so the fewest joules win among what is able enough.
 * - latency: a second costs what a person's does (36 per hour), so the fastest wins.
 */
export const BUILT_IN_MODES: ReadonlyMap<string, Objective> = new Map([
  ['accuracy', { usdPerError: 0.05, usdPerSecond: 0.001, usdPerKilojoule: 0.00001 }],
  ['economy', { usdPerError: 0.001, usdPerSecond: 0.00002, usdPerKilojoule: 0.00004 }],
  ['eco', { usdPerError: 0.001, usdPerSecond: 0.0005, usdPerKilojoule: 0.005 }],
  ['latency', { usdPerError: 0.001, usdPerSecond: 0.01, usdPerKilojoule: 0.00001 }],
]);

/** The mode of a route that names none. */
export const DEFAULT_MODE = 'economy';

export const NO_LIMITS: Limits = {
  maxCostUsd: null,
  maxTtftMs: null,
  maxLatencyMs: null,
  minAccuracy: null,
  maxEnergyJoules: null,
  quantile: 0.9,
};

/** Both sets of limits at once: the stricter of each. */
export function tighten(a: Limits, b: Limits | null): Limits {
  if (b === null) return a;
  return {
    maxCostUsd: least(a.maxCostUsd, b.maxCostUsd),
    maxTtftMs: least(a.maxTtftMs, b.maxTtftMs),
    maxLatencyMs: least(a.maxLatencyMs, b.maxLatencyMs),
    minAccuracy:
      a.minAccuracy === null || b.minAccuracy === null
        ? (a.minAccuracy ?? b.minAccuracy)
        : Math.max(a.minAccuracy, b.minAccuracy),
    maxEnergyJoules: least(a.maxEnergyJoules, b.maxEnergyJoules),
    quantile: Math.max(a.quantile, b.quantile),
  };
}

function least(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** A mode's prices with single ones replaced. */
export function reweigh(objective: Objective, weights: Partial<Objective> | null): Objective {
  if (weights === null) return objective;
  return {
    usdPerError: weights.usdPerError ?? objective.usdPerError,
    usdPerSecond: weights.usdPerSecond ?? objective.usdPerSecond,
    usdPerKilojoule: weights.usdPerKilojoule ?? objective.usdPerKilojoule,
  };
}
