import type { TenantId } from '../kernel/index.ts';
import type { Beliefs } from './beliefs.ts';
import type { CacheNews } from './cache.ts';
import type { BudgetGate, ShadowPriceList, SpendingInView } from './budget.ts';
import type { DecisionView } from './decision.ts';
import type { Feedback, FeedbackAnswer } from './feedback.ts';
import type { FleetSnapshot } from './fleet.ts';
import type { Outcome } from './outcome.ts';
import type { BourseEvent } from './events.ts';
import type { PlacementNews } from './placement.ts';
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

/** A worker's line to the keeper. */
export interface KeeperClient {
  /** Number of this worker, from 0. */
  readonly worker: number;
  world(): World;
  readonly budgets: BudgetGate;
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
