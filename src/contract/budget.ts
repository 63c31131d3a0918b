import type { DecisionId, KeyId, MaybeAsync, TenantId } from '../kernel/index.ts';
import type { Refusal } from './refusal.ts';

/** What budgets hold: tokens, pico-USD, microjoules; each a safe integer ≥ 0. */
export interface Amounts {
  readonly tokens: number;
  readonly picoUsd: number;
  readonly microjoules: number;
}

export const NOTHING: Amounts = { tokens: 0, picoUsd: 0, microjoules: 0 };

/** The most that a request may use: `fixed + perOutputToken × ceiling`. */
export interface ReserveRequest {
  readonly decision: DecisionId;
  readonly tenant: TenantId;
  readonly key: KeyId;
  readonly user: string | null;
  readonly route: string;
  readonly fixed: Amounts;
  readonly perOutputToken: Amounts;
  /** The output ceiling wanted, and the smallest one that is still of use to the caller. */
  readonly ceilingTokens: number;
  readonly ceilingTokensMin: number;
}

/** Held until settled exactly once. What is not used goes back. */
export interface Reservation {
  readonly id: string;
  /** Enforced upstream: between the request's minimum and what it wanted. */
  readonly ceilingTokens: number;
  /** The amounts held. A settlement never exceeds them. */
  readonly held: Amounts;
  settle(actual: Amounts): void;
}

/** The worker's side of the budgets that the keeper owns. Null: no budget applies. */
export interface BudgetGate {
  reserve(request: ReserveRequest): MaybeAsync<Reservation | Refusal | null>;
}

/** One balance, as the admin API shows it. */
export interface BalanceView {
  readonly rule: string;
  /** The scope's values, for example `tenant=acme`. */
  readonly scope: string;
  readonly per: string;
  readonly periodStartMs: number;
  readonly limits: {
    readonly tokens: string | null;
    readonly usd: string | null;
    readonly joules: string | null;
  };
  readonly settled: { readonly tokens: string; readonly usd: string; readonly joules: string };
  readonly reserved: { readonly tokens: string; readonly usd: string; readonly joules: string };
}
