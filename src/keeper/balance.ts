import type { BudgetLimits, BudgetRule, StoredBalance, StoredLease } from '../contract/index.ts';
import { add, isZero, subtract, ZERO } from './amounts.ts';
import type { Sums } from './amounts.ts';
import { carryId } from './budget-scope.ts';

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
  /** Left over from the period before: it may be spent on top of the limit. */
  carried: Sums;
  /** Settled, and carried over, since the last commit was built. */
  unsaved: Sums;
  unsavedCarry: Sums;
  /** Grants that are decided but not yet committed, and so not yet with their worker. */
  grantsUnsent: number;
}

export function createBalance(
  place: Pick<Balance, 'id' | 'rule' | 'scope' | 'startMs'>,
  settled: Sums = ZERO,
): Balance {
  return {
    ...place,
    settled,
    leased: ZERO,
    leases: new Map(),
    carried: ZERO,
    unsaved: ZERO,
    unsavedCarry: ZERO,
    grantsUnsent: 0,
  };
}

/** Null where the rule sets no limit of that kind. */
export interface Remaining {
  readonly tokens: bigint | null;
  readonly picoUsd: bigint | null;
  readonly microjoules: bigint | null;
}

export function remainingOf(
  balance: Pick<Balance, 'settled' | 'leased' | 'carried'>,
  limits: BudgetLimits,
): Remaining {
  const most = mostOf(balance, limits);
  const taken = add(balance.settled, balance.leased);
  const left = (limit: bigint | null, used: bigint): bigint | null =>
    limit === null ? null : limit - used;
  return {
    tokens: left(most.tokens, taken.tokens),
    picoUsd: left(most.picoUsd, taken.picoUsd),
    microjoules: left(most.microjoules, taken.microjoules),
  };
}

/** What may be spent in the period: the limits and what was carried over. */
export function mostOf({ carried }: Pick<Balance, 'carried'>, limits: BudgetLimits): Remaining {
  const most = (limit: number | null, more: bigint): bigint | null =>
    limit === null ? null : BigInt(Math.floor(limit)) + more;
  return {
    tokens: most(limits.tokens, carried.tokens),
    picoUsd: most(limits.picoUsd, carried.picoUsd),
    microjoules: most(limits.microjoules, carried.microjoules),
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

/** What is to be added to the stored sums; what was carried over is stored as a balance of its own. */
export function storedDeltas(balance: Balance): StoredBalance[] {
  const deltas = [{ id: balance.id, ...balance.unsaved }];
  if (!isZero(balance.unsavedCarry)) {
    deltas.push({ id: carryId(balance), ...balance.unsavedCarry });
  }
  return deltas;
}

export const storedLease = (lease: Lease): StoredLease => ({
  id: lease.id,
  balance: lease.balance.id,
  ...lease.outstanding,
});
