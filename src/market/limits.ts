import type { Bid, Estimate, Limits } from '../contract/index.ts';
import { normalQuantile } from '../estimate/index.ts';

/** How a bid fails a limit. */
export interface Miss {
  readonly limit: 'maxCostUsd' | 'maxTtftMs' | 'maxLatencyMs' | 'minAccuracy' | 'maxEnergyJoules';
  readonly bound: number;
  /** The quantity at the tested quantile; null where it is unknown. */
  readonly value: number | null;
  /** How far off, relative to the bound: the order of misses. Infinite where unknown. */
  readonly relative: number;
}

export function hasLimits(limits: Limits): boolean {
  return (
    limits.maxCostUsd !== null ||
    limits.maxTtftMs !== null ||
    limits.maxLatencyMs !== null ||
    limits.minAccuracy !== null ||
    limits.maxEnergyJoules !== null
  );
}

/** Tests the limits of one request. An unknown quantity fails. */
export class LimitTest {
  readonly #limits: Limits;
  readonly #z: number;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#z = normalQuantile(Math.min(0.999999, Math.max(0.5, limits.quantile)));
  }

  /**
   * The limit that the bid misses by most; null when it meets them all. An owner's bid is tested by what is
   * believed of it: no payment makes it honest about a limit that its own word decides (docs/decisions/0015).
   */
  worstMiss(bid: Bid): Miss | null {
    const limits = this.#limits;
    const { costUsd, ttftMs, latencyMs, energyJoules } = bid.external?.believed ?? bid;
    let worst = this.#above('maxCostUsd', costUsd, null);
    worst = this.#above('maxTtftMs', ttftMs, worst);
    worst = this.#above('maxLatencyMs', latencyMs, worst);
    worst = this.#above('maxEnergyJoules', energyJoules, worst);
    if (limits.minAccuracy === null) return worst;
    return this.#worse(this.#below(limits.minAccuracy, bid.accuracy), worst);
  }

  #above(
    limit: 'maxCostUsd' | 'maxTtftMs' | 'maxLatencyMs' | 'maxEnergyJoules',
    estimate: Estimate | null,
    worst: Miss | null,
  ): Miss | null {
    const bound = this.#limits[limit];
    if (bound === null) return worst;
    if (estimate === null)
      return this.#worse({ limit, bound, value: null, relative: Infinity }, worst);
    const value = estimate.mean + this.#z * estimate.deviation;
    if (value <= bound) return worst;
    return this.#worse({ limit, bound, value, relative: ratio(value - bound, bound) }, worst);
  }

  #below(bound: number, estimate: Estimate | null): Miss | null {
    const limit = 'minAccuracy';
    if (estimate === null) return { limit, bound, value: null, relative: Infinity };
    const value = estimate.mean - this.#z * estimate.deviation;
    if (value >= bound) return null;
    return { limit, bound, value, relative: ratio(bound - value, bound) };
  }

  #worse(miss: Miss | null, worst: Miss | null): Miss | null {
    if (miss === null) return worst;
    return worst === null || miss.relative > worst.relative ? miss : worst;
  }
}

function ratio(excess: number, bound: number): number {
  return bound > 0 ? excess / bound : Infinity;
}

const UNITS = {
  maxCostUsd: 'USD',
  maxTtftMs: 'ms to the first token',
  maxLatencyMs: 'ms in all',
  minAccuracy: 'accuracy',
  maxEnergyJoules: 'J',
} as const;

/** For example `1840 ms in all at p90 misses maxLatencyMs 1500 by 22.7 %`. */
export function missText({ limit, bound, value, relative }: Miss, quantile: number): string {
  if (value === null) return `${UNITS[limit]} unknown, and ${limit} is ${bound}`;
  const share = relative === Infinity ? '' : ` by ${rounded(relative * 100)} %`;
  const at = `p${rounded((limit === 'minAccuracy' ? 1 - quantile : quantile) * 100)}`;
  return `${rounded(value)} ${UNITS[limit]} at ${at} misses ${limit} ${bound}${share}`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
