import type { InstanceId } from '../kernel/index.ts';
import type { Beliefs } from './beliefs.ts';
import type { FleetSnapshot, Instance, LocalLoad } from './fleet.ts';
import type { Mandate } from './policy.ts';
import type { Estimate, Workload } from './workload.ts';

/** What a bidder says of one instance. An unknown quantity is null: it fails a limit and is shown as unknown. */
export interface Quote {
  readonly instance: Instance;
  readonly costUsd: Estimate | null;
  /** The part of `ttftMs` that is the queue in front of the instance. */
  readonly waitMs: number;
  readonly ttftMs: Estimate;
  readonly latencyMs: Estimate;
  readonly energyJoules: Estimate | null;
  /** What the cost was multiplied by for load. */
  readonly loadPrice: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: Estimate;
}

/** One offer to serve one request: a quote as the market holds it. Times are corrected by reputation; accuracy is never self-declared. */
export interface Bid extends Quote {
  /** P(correct), 0–1. */
  readonly accuracy: Estimate | null;
  /** In USD, lower is better: the sum of `terms`. */
  readonly score: number;
  readonly terms: ScoreTerms;
}

/** The parts of a score, each in USD. */
export interface ScoreTerms {
  readonly cost: number;
  readonly time: number;
  readonly error: number;
  readonly energy: number;
  readonly lateness: number;
  readonly switching: number;
}

/** An instance that was not allowed to win, and why. */
export interface Exclusion {
  readonly instance: InstanceId;
  readonly cause:
    | 'model'
    | 'constraint'
    | 'lifecycle'
    | 'circuit'
    | 'context-window'
    | 'capability'
    | 'limit';
  readonly detail: string;
}

export interface Award {
  readonly kind: 'award';
  /** Best first. The first is the winner; the rest are the order of fallback. */
  readonly ranked: readonly Bid[];
  readonly excluded: readonly Exclusion[];
  /** The score at which the winner would have lost: the runner-up's; null with one bid. */
  readonly clearingScore: number | null;
  /** The probability with which the winner was chosen: 1 without exploration. */
  readonly propensity: number;
}

/** Everything a quote may depend on, besides the request. */
export interface MarketView {
  readonly fleet: FleetSnapshot;
  readonly load: LocalLoad;
  readonly beliefs: Beliefs;
}

/** Extension point: quotes for instances. The house bidder is the built-in one. */
export interface Bidder {
  readonly apiVersion: 1;
  readonly name: string;
  quote(workload: Workload, mandate: Mandate, instance: Instance, view: MarketView): Quote | null;
}
