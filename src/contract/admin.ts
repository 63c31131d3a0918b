import type { BalanceView } from './budget.ts';
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
  readonly url: string;
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

export interface PolicyStatus {
  readonly generation: number;
  readonly file: string | null;
  readonly loadedAt: string;
  /** Why the newest file was not taken; empty when it was. */
  readonly rejected: readonly PolicyProblem[];
  readonly warnings: readonly PolicyProblem[];
}

/** What the admin API can do. Fulfilled by the keeper, so that many workers behave as one server. Throws `Fault` for bad input. */
export interface AdminBackend {
  instances(): readonly InstanceState[];
  addInstance(input: InstanceInput): Promise<InstanceState>;
  drainInstance(id: string): Promise<InstanceState>;
  removeInstance(id: string): Promise<void>;
  budgets(tenant: string): readonly BalanceView[];
  /** Replaces the tenant's budgets that were set here; those of the policy file stay. */
  setBudgets(tenant: string, budgets: readonly BudgetInput[]): Promise<readonly BalanceView[]>;
  preferences(tenant: string): TenantPreferences | null;
  setPreferences(tenant: string, preferences: TenantPreferences | null): Promise<void>;
  decisions(limit: number): Promise<readonly DecisionView[]>;
  decision(id: string): Promise<DecisionView | null>;
  ledger(tenant: string | null): Promise<LedgerTotals>;
  policy(): PolicyStatus;
  /** Reads the policy file again. */
  reload(): Promise<PolicyStatus>;
  metrics(): Promise<string>;
}
