import type { BudgetLimits, BudgetRule, StoredBalance, StoredLease } from '../contract/index.ts';
import { add, subtract, ZERO } from './amounts.ts';
import type { Sums } from './amounts.ts';

/** What one worker holds of one balance: neither settled nor free to anyone else. */
export interface Lease {
  readonly id: string;
  /** The worker's session. */
  readonly session: number;
  readonly balance: Balance;
  outstanding: Sums;
}

/**
 * One budget in one period. At any time `settled + Σ outstanding ≤ limit` for every grant that was
 * made under the limit; a limit that is lowered later leaves `remaining` negative until it recovers.
 */
export interface Balance {
  readonly id: string;
  /** The rule's id, as it stands in `id`. */
  readonly rule: string;
  readonly scope: string;
  readonly startMs: number;
  settled: Sums;
  /** Σ of `outstanding` over `leases`. */
  leased: Sums;
  /** By worker session. */
  readonly leases: Map<number, Lease>;
  /** Settled since the last commit was built. */
  unsaved: Sums;
  /** Grants that are decided but not yet committed, and so not yet with their worker. */
  grantsUnsent: number;
}

export function createBalance(
  place: Pick<Balance, 'id' | 'rule' | 'scope' | 'startMs'>,
  settled: Sums = ZERO,
): Balance {
  return { ...place, settled, leased: ZERO, leases: new Map(), unsaved: ZERO, grantsUnsent: 0 };
}

/** Null where the rule sets no limit of that kind. */
export interface Remaining {
  readonly tokens: bigint | null;
  readonly picoUsd: bigint | null;
  readonly microjoules: bigint | null;
}

export function remainingOf(balance: Balance, limits: BudgetLimits): Remaining {
  const taken = add(balance.settled, balance.leased);
  const left = (limit: number | null, used: bigint): bigint | null =>
    limit === null ? null : BigInt(Math.floor(limit)) - used;
  return {
    tokens: left(limits.tokens, taken.tokens),
    picoUsd: left(limits.picoUsd, taken.picoUsd),
    microjoules: left(limits.microjoules, taken.microjoules),
  };
}

/** A rule that applies to a request, with the balance of its current period. */
export interface Applied {
  readonly rule: BudgetRule;
  /** As the worker knows it: several of its keys may share one balance. */
  readonly key: string;
  readonly balance: Balance;
  readonly endMs: number;
}

export function moveLease(lease: Lease, change: Sums): void {
  lease.outstanding = add(lease.outstanding, change);
  lease.balance.leased = add(lease.balance.leased, change);
}

export function settle(balance: Balance, spent: Sums): void {
  balance.settled = add(balance.settled, spent);
  balance.unsaved = add(balance.unsaved, spent);
}

export const negate = (sums: Sums): Sums => subtract(ZERO, sums);

export const storedDelta = (balance: Balance): StoredBalance => ({
  id: balance.id,
  ...balance.unsaved,
});

export const storedLease = (lease: Lease): StoredLease => ({
  id: lease.id,
  balance: lease.balance.id,
  ...lease.outstanding,
});
