import type { TenantId } from '../kernel/index.ts';
import type { Beliefs } from './beliefs.ts';
import type { CacheEntry, CacheLead, CacheNews, CacheReach, NearestAsk } from './cache.ts';
import type { BudgetGate, ShadowPriceList, SpendingInView } from './budget.ts';
import type { DecisionView } from './decision.ts';
import type { Feedback, FeedbackAnswer } from './feedback.ts';
import type { FleetSnapshot } from './fleet.ts';
import type { Outcome } from './outcome.ts';
import type { BourseEvent } from './events.ts';
import type { PlacementNews } from './placement.ts';
import type { SharedRates } from './rates.ts';
import type { Policy, TenantPreferences } from './policy.ts';

/** What a decision is made from: one immutable value, so that no decision mixes two generations. */
export interface World {
  readonly policy: Policy;
  readonly fleet: FleetSnapshot;
  readonly beliefs: Beliefs;
  readonly preferences: ReadonlyMap<string, TenantPreferences>;
  /** Unset where the policy reads none of it. */
  readonly spending?: SpendingInView;
  /** Unset where no budget is paced. */
  readonly shadow?: ShadowPriceList;
}

/** What a worker asks of the others about a request that its own cache cannot answer. */
export interface CachePeers {
  /** Nobody else is there: asking would be for nothing. */
  isAlone(reach: CacheReach): boolean;
  /**
   * Of one request at many workers, or at many hosts, one leads. `key` is the canonical request, scope
   * included. Never rejects: where nobody can tell, all lead.
   */
  lead(key: Uint8Array, reach: CacheReach): Promise<CacheLead>;
  /** What the store has and memory has no room for. Never rejects: where nobody can tell, there is nothing. */
  nearest(ask: NearestAsk): Promise<readonly CacheEntry[]>;
}

/** A worker's line to the keeper. */
export interface KeeperClient {
  /** Number of this worker, from 0. */
  readonly worker: number;
  world(): World;
  readonly budgets: BudgetGate;
  /** Limits that all workers keep together. */
  readonly rates: SharedRates;
  /** Queues an outcome: sent in batches, settled when the keeper has committed it. */
  report(outcome: Outcome): void;
  /** Judges an earlier answer. Rejects with `BRS_KEEPER_LOST`. */
  feedback(tenant: TenantId, feedback: Feedback): Promise<FeedbackAnswer>;
  /** Tells the other workers where prompts and sessions went; nothing is sent where there is none. */
  tellPlacements(news: PlacementNews): void;
  /** Set once: hears what the other workers tell. */
  onPlacements(hear: (news: PlacementNews) => void): void;
  /** Tells the other workers of stored answers, and has them kept where the policy names a file. */
  tellCache(news: readonly CacheNews[]): void;
  /** Set once: hears what is stored already, then what the other workers tell. */
  onCache(hear: (news: readonly CacheNews[]) => void): void;
  readonly cachePeers: CachePeers;
  /** Passes an event on to the keeper's log and metrics. */
  publish(event: BourseEvent): void;
  /** The Prometheus text of the whole server. */
  metrics(): Promise<string>;
  /** Whether the keeper's store takes writes and one instance is ready; the reason where not. */
  readiness(): { readonly isReady: boolean; readonly reason: string | null };
  /** Sends what is queued and returns the unused leases. */
  close(): Promise<void>;
}

/** What the keeper asks of a worker. */
export interface WorkerDuties {
  decisionView(id: string): DecisionView | null;
  latestDecisions(limit: number): readonly DecisionView[];
  /** Counters since the last call: name with labels → amount. */
  drainCounters(): MetricsDelta;
}

/** Increments of counters and histograms since the last delta. Keys are `name{label="value",…}`. */
export interface MetricsDelta {
  readonly counters: readonly (readonly [key: string, amount: number])[];
  readonly histograms: readonly {
    readonly key: string;
    /** Counts per bucket, the last one +Inf. */
    readonly counts: readonly number[];
    readonly sum: number;
  }[];
  readonly gauges: readonly (readonly [key: string, value: number])[];
}
