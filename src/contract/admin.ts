import type { BalanceView } from './budget.ts';
import type { CacheSelector } from './cache.ts';
import type { DecisionView } from './decision.ts';
import type { InstanceState } from './fleet.ts';
import type { PolicyProblem, TenantPreferences } from './policy.ts';
import type { LedgerTotals } from './store.ts';

/** An instance as the admin API adds it. It is persisted, and listed beside those of the policy file. */
export interface InstanceInput {
  readonly id: string;
  /** Id of a model of the policy. */
  readonly model: string;
  readonly engine: string;
  /** Unset: where servers of the engine stand, or where the exchange runs them itself. */
  readonly url?: string;
  /** What its engine reads. */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  readonly apiKey?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly maxRunning?: number;
}

export interface BudgetInput {
  readonly per: 'minute' | 'hour' | 'day' | 'month' | 'total';
  readonly tokens?: number;
  readonly usd?: number;
  readonly energyKilojoules?: number;
}

/** Carbon intensity of one place. */
export interface CarbonView {
  readonly place: string;
  /** Null: what was pushed is too old. */
  readonly gramsPerKilowattHour: number | null;
  readonly source: 'policy' | 'pushed';
  /** When a pushed value ends to count. */
  readonly until: string | null;
}

export interface PolicyStatus {
  readonly generation: number;
  readonly file: string | null;
  readonly loadedAt: string;
  /** Why the newest file was not taken; empty when it was. */
  readonly rejected: readonly PolicyProblem[];
  readonly warnings: readonly PolicyProblem[];
}

/** One level of what is believed of a model's accuracy. */
export interface AccuracyView {
  /** Null: over all domains. */
  readonly domain: string | null;
  /** Null: over all bands. */
  readonly band: string | null;
  readonly mean: number;
  readonly deviation: number;
  /** Verdicts behind it, in whole questions, with forgetting. */
  readonly right: number;
  readonly wrong: number;
}

export interface ModelAccuracyView {
  readonly model: string;
  /** What its card says; null: nothing. */
  readonly card: number | null;
  /** Empty where neither the card nor a verdict says anything. */
  readonly beliefs: readonly AccuracyView[];
  /** The last loss that was found; null: none. */
  readonly drift: {
    readonly at: string;
    readonly before: number;
    readonly after: number;
    readonly verdicts: number;
  } | null;
}

/** What became of one route's requests at the cache since the start; `named` are those that name a model. */
export interface CacheRouteView {
  readonly route: string;
  /** By `hit`, `semantic`, `coalesced`, `miss` and `bypass`, those that there were. */
  readonly lookups: Readonly<Record<string, number>>;
  readonly stored: number;
  /** Requests that a stored answer could have served by meaning and a model did, by what the comparison said. */
  readonly exploredSame: number;
  readonly exploredDifferent: number;
  /** Of what was served by meaning: wrong answers that are expected, and that `maxErrorRate` allows so far. */
  readonly expectedErrors: number;
  readonly allowedErrors: number;
}

export interface CacheView {
  readonly workers: readonly {
    readonly worker: number;
    readonly entries: number;
    readonly bytes: number;
  }[];
  readonly routes: readonly CacheRouteView[];
  /** Stored answers that are gone, by why. */
  readonly removed: Readonly<Record<string, number>>;
  /** What hits would have cost and taken, by their answers' own charges. */
  readonly savedUsd: number;
  readonly savedTokens: number;
}

/** What is known of one judge. */
export interface JudgeView {
  readonly judge: string;
  readonly kind: string;
  readonly model: string;
  /** How much of a certain verdict one of it counts, 0–1. */
  readonly reliability: number;
  /** Comparisons with what others say of the same answers, in whole verdicts, with forgetting. */
  readonly agreed: number;
  readonly disagreed: number;
}

/** What the admin API can do. Fulfilled by the keeper, so that many workers behave as one server. Throws `Fault` for bad input. */
export interface AdminBackend {
  instances(): readonly InstanceState[];
  addInstance(input: InstanceInput): Promise<InstanceState>;
  drainInstance(id: string): Promise<InstanceState>;
  removeInstance(id: string): Promise<void>;
  budgets(tenant: string): readonly BalanceView[];
  /** Every balance of a current period; a thousand at most. */
  allBudgets(): readonly BalanceView[];
  /** Replaces the tenant's budgets that were set here; those of the policy file stay. */
  setBudgets(tenant: string, budgets: readonly BudgetInput[]): Promise<readonly BalanceView[]>;
  preferences(tenant: string): TenantPreferences | null;
  setPreferences(tenant: string, preferences: TenantPreferences | null): Promise<void>;
  carbon(): readonly CarbonView[];
  /** Stands in for what the policy says of the place, and is unknown after `ttlSeconds`; null takes it back. */
  setCarbon(
    place: string,
    pushed: { readonly gramsPerKilowattHour: number; readonly ttlSeconds?: number } | null,
  ): Promise<readonly CarbonView[]>;
  /** What the cache holds and has done, over all workers. */
  cache(): Promise<CacheView>;
  /** Removes stored answers: those that fit all that is given. */
  forget(selector: CacheSelector): void;
  decisions(limit: number): Promise<readonly DecisionView[]>;
  decision(id: string): Promise<DecisionView | null>;
  ledger(tenant: string | null): Promise<LedgerTotals>;
  /** What is believed of each model: at large first, then by topic. */
  accuracy(): readonly ModelAccuracyView[];
  /** What is known of each judge of the policy. */
  judges(): readonly JudgeView[];
  policy(): PolicyStatus;
  /** Reads the policy file again. */
  reload(): Promise<PolicyStatus>;
  metrics(): Promise<string>;
}
