import type { DecisionId, KeyId, MaybeAsync, TenantId } from '../kernel/index.ts';
import type { BudgetLimits } from './config.ts';
import type { Refusal } from './refusal.ts';
import type { ShareKey } from './signal.ts';

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

/** The output tokens of each answer that are reserved. */
export interface OutputCeiling {
  /** Enforced upstream: between the request's minimum and what it wanted. */
  readonly ceilingTokens: number;
  /**
   * Reserves up to so many tokens more; `ceilingTokens` and `held` have grown by what there was when
   * it returns. Unset: it cannot grow. Never throws and never rejects.
   */
  grow?(tokens: number): MaybeAsync<void>;
  /** The caller's own budgets that are nearly used up, as the answer's head says it; unset and null: none. */
  readonly budgetWarning?: string | null;
}

/** Held until settled exactly once. What is not used goes back. */
export interface Reservation extends OutputCeiling {
  readonly id: string;
  /** The amounts held. A settlement never exceeds them. */
  readonly held: Amounts;
  settle(actual: Amounts): void;
}

/** The worker's side of the budgets that the keeper owns. Null: no budget applies. */
export interface BudgetGate {
  reserve(request: ReserveRequest): MaybeAsync<Reservation | Refusal | null>;
}

/**
 * What scarcity adds to the price of a bid (DESIGN §5 and docs/guides/budgets.md), summed over the
 * paced budgets that cover a request. All are 0 or more; they never block.
 */
export interface ShadowPrices {
  /** On top of each USD that is charged: at 0.5 a dollar weighs 1.50. */
  readonly perUsd: number;
  readonly usdPerToken: number;
  readonly usdPerJoule: number;
}

/** Shadow prices as they were last heard of. */
export interface ShadowPriceList {
  /** Null: no paced budget that covers the spender has a price. */
  pricesFor(
    spender: Pick<ReserveRequest, 'tenant' | 'key' | 'user' | 'route'>,
    nowMs: number,
  ): ShadowPrices | null;
}

/** The share of a budget at which its owner is warned. */
export const WARNING_RATIOS = [0.8, 0.95] as const;
export type WarningRatio = (typeof WARNING_RATIOS)[number];
export type BudgetQuantity = 'tokens' | 'usd' | 'joules';

/** How one quantity of a paced balance keeps to its schedule. */
export interface PaceView {
  /** Settled over what is to be settled by the end of the period. */
  readonly spentRatio: number;
  /** How much of the period is over: where `spentRatio` is meant to be. */
  readonly elapsedRatio: number;
  /** In USD per USD, per token or per joule. */
  readonly shadowPrice: number;
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
  /** Null where there is no limit; never below zero. Limits include what was carried over. */
  readonly left: BalanceView['limits'];
  readonly carriedOver: BalanceView['settled'];
  /** Null: the period never ends. */
  readonly periodEndMs: number | null;
  readonly timeZone: string;
  /** By quantity; empty where the budget is not paced. */
  readonly pace: Readonly<Partial<Record<BudgetQuantity, PaceView>>>;
  /** The highest share that was reported of each quantity in this period. */
  readonly warnings: Readonly<Partial<Record<BudgetQuantity, WarningRatio>>>;
}

/** A budget that covers a caller, and what was settled of it in the current period. */
export interface BudgetSpent {
  readonly limits: BudgetLimits;
  readonly spent: Amounts;
}

/** Whose budgets are asked for. `budget`: the id of the one; null: all but those that tell routes apart. */
export interface SpendingQuery {
  readonly tenant: TenantId;
  readonly key: KeyId;
  readonly user: string | null;
  readonly budget: string | null;
}

/**
 * Budgets as they were last heard of: a worker hears of what was settled within a second, and what
 * requests in flight hold does not count. For conditions only: reservations ask the balances themselves.
 */
export interface SpendingInView {
  covering(query: SpendingQuery, nowMs: number): readonly BudgetSpent[];
}

/** Where a decision puts the budgets that its conditions read. */
export const SPENDING_IN_VIEW: ShareKey<{ spending: SpendingInView | null }> = {
  make: () => ({ spending: null }),
};

/** The kind of the signal that reads them. */
export const BUDGET_LEFT_KIND = 'budgetLeft';
