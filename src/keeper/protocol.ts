import type {
  BourseEvent,
  BudgetRule,
  InstanceState,
  TenantPreferences,
} from '../contract/index.ts';
import type { TenantId } from '../kernel/index.ts';
import type { Feedback, FeedbackAnswer } from '../contract/index.ts';
import type { Beliefs, DecisionView, Instance, MetricsDelta } from '../contract/index.ts';
import type { CacheEnd, CacheEntry, CacheNews, CacheReach } from '../contract/index.ts';
import type { NearestAsk, PlacementNews } from '../contract/index.ts';
import type { BeliefsDelta } from './beliefs-delta.ts';
import type { Answer } from './budget-desk.ts';
import type { Ask } from './budget-fit.ts';
import type { PolicySource } from './keeper-options.ts';
import type { RateGrant, RateReport } from './rate-desk.ts';
import type { WarningCells } from './budget-warnings.ts';
import type { ShadowCells } from './shadow-view.ts';
import type { SpendingCells } from './spending-view.ts';
import type { EncodedOutcomes } from './outcome-codec.ts';

/**
 * The language of a worker and the keeper. Messages of one direction arrive in the order of sending;
 * what is said of budgets depends on it. Both ends are this program, so nothing is validated.
 */

/** Amounts by balance id: `[id, tokens, picoUsd, microjoules]` over and over. */
export type AmountCells = (string | number)[];

/** Workers compile what the keeper read: none of them reads a file of the policy itself. */
export interface PolicyText extends PolicySource {
  readonly generation: number;
}

/** What changes of an instance from poll to poll; its place in the list says which. */
export type StateCells = Omit<InstanceState, 'instance'>;

export interface FleetMessage {
  readonly generation: number;
  /** Sent when the list itself changed; otherwise the last one stands. */
  readonly instances: readonly Instance[] | null;
  readonly states: readonly StateCells[];
}

export interface StoreHealth {
  readonly isWritable: boolean;
  readonly reason: string | null;
}

/** All that a worker needs to start. */
export interface Welcome {
  readonly policy: PolicyText;
  readonly rules: readonly BudgetRule[];
  readonly fleet: FleetMessage;
  readonly beliefs: Beliefs;
  readonly preferences: ReadonlyMap<string, TenantPreferences>;
  readonly store: StoreHealth;
  readonly spending: SpendingCells | null;
  readonly shadow: ShadowCells;
  readonly warnings: WarningCells;
}

export type ToWorker =
  | { readonly kind: 'welcome'; readonly welcome: Welcome }
  /** The fleet comes with its policy: no decision mixes two generations. */
  | {
      readonly kind: 'policy';
      readonly policy: PolicyText;
      readonly rules: readonly BudgetRule[];
      readonly fleet: FleetMessage;
      /** Null where the policy reads nothing of it. */
      readonly spending: SpendingCells | null;
    }
  /** What changed since the last time. */
  | { readonly kind: 'spending'; readonly cells: SpendingCells }
  /** How many workers there are besides. */
  | { readonly kind: 'peers'; readonly count: number }
  /** What another worker has told. */
  | { readonly kind: 'placements'; readonly news: PlacementNews }
  /** What is stored already, and then what another worker has stored, removed or compared. */
  | { readonly kind: 'cache'; readonly news: readonly CacheNews[] }
  | { readonly kind: 'lead'; readonly call: number; readonly standing: LeadStanding }
  /** What the store has that memory has no room for. */
  | { readonly kind: 'near'; readonly call: number; readonly entries: readonly CacheEntry[] }
  | { readonly kind: 'shadow'; readonly cells: ShadowCells }
  | { readonly kind: 'warnings'; readonly cells: WarningCells }
  | { readonly kind: 'rules'; readonly rules: readonly BudgetRule[] }
  | { readonly kind: 'fleet'; readonly fleet: FleetMessage }
  | { readonly kind: 'beliefs'; readonly delta: BeliefsDelta }
  | {
      readonly kind: 'preferences';
      readonly preferences: ReadonlyMap<string, TenantPreferences>;
    }
  | { readonly kind: 'store'; readonly store: StoreHealth }
  | { readonly kind: 'answer'; readonly request: number; readonly answer: Answer }
  | { readonly kind: 'rate'; readonly grant: RateGrant }
  | { readonly kind: 'recall'; readonly recall: number; readonly balances: readonly string[] }
  /** Outcomes taken over so far, in all. */
  | { readonly kind: 'received'; readonly outcomes: number }
  | { readonly kind: 'call'; readonly call: number; readonly duty: Duty }
  | { readonly kind: 'metrics'; readonly call: number; readonly text: string | null }
  | { readonly kind: 'feedback'; readonly call: number; readonly answer: FeedbackAnswer }
  /** Everything that the worker had sent is committed. */
  | { readonly kind: 'farewell' };

/** What the keeper asks of a worker; see `WorkerDuties`. */
export type Duty =
  | { readonly kind: 'decision'; readonly id: string }
  | { readonly kind: 'decisions'; readonly limit: number }
  | { readonly kind: 'counters' };

export type DutyResult = DecisionView | readonly DecisionView[] | MetricsDelta | null;

/** Where a request stands among those that are the same: it leads, it follows one, or that one has ended. */
export type LeadStanding = 'lead' | 'follow' | CacheEnd;

/** Asks whether a request leads. */
export interface LeadAsk {
  readonly call: number;
  /** SHA-256 of the canonical request. */
  readonly digest: string;
  readonly reach: CacheReach;
}

export type ToKeeper =
  | { readonly kind: 'hello' }
  | { readonly kind: 'lead'; readonly ask: LeadAsk }
  | { readonly kind: 'near'; readonly call: number; readonly ask: NearestAsk }
  /** Of a lead, or of one that was asked for in vain. */
  | {
      readonly kind: 'release';
      readonly call: number;
      readonly digest: string;
      readonly end: CacheEnd;
    }
  /** For the other workers. */
  | { readonly kind: 'placements'; readonly news: PlacementNews }
  /** For the other workers, and to be kept. */
  | { readonly kind: 'cache'; readonly news: readonly CacheNews[] }
  /** What happened since the last batch, and the charges that go with it: one transaction. */
  | {
      readonly kind: 'batch';
      readonly outcomes: EncodedOutcomes | null;
      readonly spent: AmountCells;
      readonly returned: AmountCells;
      readonly events: readonly BourseEvent[];
    }
  | {
      readonly kind: 'need';
      readonly request: number;
      readonly ask: Ask;
      readonly returned: AmountCells;
    }
  | { readonly kind: 'rate'; readonly report: RateReport }
  | { readonly kind: 'recalled'; readonly recall: number; readonly returned: AmountCells }
  | { readonly kind: 'result'; readonly call: number; readonly result: DutyResult }
  | { readonly kind: 'metrics'; readonly call: number }
  | {
      readonly kind: 'feedback';
      readonly call: number;
      readonly tenant: TenantId;
      readonly feedback: Feedback;
    }
  | { readonly kind: 'goodbye'; readonly counters: MetricsDelta };
