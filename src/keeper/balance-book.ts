import type { BudgetPeriod, BudgetRule, StoreBatch, StoredBalance } from '../contract/index.ts';
import type { StoredLease } from '../contract/index.ts';
import { isZero, smaller, subtract, ZERO } from './amounts.ts';
import type { Sums } from './amounts.ts';
import { createBalance, moveLease, negate, settle } from './balance.ts';
import { storedDelta, storedLease } from './balance.ts';
import type { Applied, Balance, Lease } from './balance.ts';
import { applicable, balanceId, parseBalanceId, ruleKey } from './budget-scope.ts';
import type { BalancePlace, ScopedRule, Spender } from './budget-scope.ts';
import { periodEndMs, periodStartMs } from './period.ts';

/** Past this many balances, users not seen before share one: clients make up their names. */
const BALANCES_MAX = 100_000;

export type BookChanges = Omit<StoreBatch, 'outcomes'>;

/**
 * Every balance and every lease. Pure bookkeeping, in memory; `takeChanges` is what a commit must
 * store for the file to say the same.
 */
export class BalanceBook {
  readonly balances = new Map<string, Balance>();
  readonly #latestStartMs = new Map<BudgetPeriod, number>();
  readonly #dirtyBalances = new Set<Balance>();
  readonly #dirtyLeases = new Set<Lease>();
  readonly #closed: string[] = [];
  readonly #onFault: (invariant: string) => void;
  #rules: readonly BudgetRule[] = [];
  #ruleByKey: ReadonlyMap<string, BudgetRule> = new Map();

  constructor(onFault: (invariant: string) => void) {
    this.#onFault = onFault;
  }

  get rules(): readonly BudgetRule[] {
    return this.#rules;
  }

  setRules(rules: readonly BudgetRule[]): void {
    this.#rules = rules;
    this.#ruleByKey = new Map(rules.map((rule) => [ruleKey(rule), rule]));
    for (const balance of this.balances.values()) this.#noteStart(balance);
  }

  /** Takes over what was stored. Leases that nobody came back for settle in full: what was spent of them is not known. */
  restore(balances: readonly StoredBalance[], leases: readonly StoredLease[]): void {
    for (const { id, ...settled } of balances) this.#balanceFrom(id, settled);
    for (const { id, balance, ...outstanding } of leases) {
      const owner = this.balances.get(balance) ?? this.#balanceFrom(balance, ZERO);
      if (owner === null) continue;
      settle(owner, outstanding);
      this.#dirtyBalances.add(owner);
      this.#dirtyLeases.add({ id, session: 0, balance: owner, outstanding: ZERO });
    }
  }

  #balanceFrom(id: string, settled: Sums): Balance | null {
    const place = parseBalanceId(id);
    if (place === null) return null;
    const balance = createBalance({ id, ...place }, settled);
    this.balances.set(id, balance);
    return balance;
  }

  /** A period that was seen stays begun when the clock jumps back: its predecessor is never reopened. */
  startOf(per: BudgetPeriod, nowMs: number): number {
    return Math.max(periodStartMs(per, nowMs), this.#latestStartMs.get(per) ?? 0);
  }

  /** The balances of a rule in the current period. */
  current(rule: BudgetRule, nowMs: number): Balance[] {
    const key = ruleKey(rule);
    const startMs = this.startOf(rule.per, nowMs);
    return [...this.balances.values()].filter(
      (balance) => balance.rule === key && balance.startMs === startMs,
    );
  }

  #noteStart(balance: Balance): void {
    const rule = this.#ruleByKey.get(balance.rule);
    if (rule === undefined || periodStartMs(rule.per, balance.startMs) !== balance.startMs) return;
    const latest = this.#latestStartMs.get(rule.per) ?? 0;
    this.#latestStartMs.set(rule.per, Math.max(latest, balance.startMs));
  }

  /** The balances that a spender's requests count against, created where they are new. */
  appliedTo(spender: Spender, nowMs: number): readonly Applied[] {
    return applicable(this.#rules, spender).map((scoped) => this.#apply(scoped, nowMs));
  }

  #apply({ rule, scope, key }: ScopedRule, nowMs: number): Applied {
    const startMs = this.startOf(rule.per, nowMs);
    this.#latestStartMs.set(rule.per, startMs);
    const place = { rule: ruleKey(rule), scope, startMs };
    const balance = this.balances.get(balanceId(place)) ?? this.#create(place);
    return { rule, key, balance, endMs: periodEndMs(rule.per, startMs) };
  }

  #create(wanted: BalancePlace): Balance {
    const isFull = this.balances.size >= BALANCES_MAX;
    const scope = isFull ? wanted.scope.replace(/\buser=[^&]*/, 'user=*') : wanted.scope;
    const place = { ...wanted, scope };
    const id = balanceId(place);
    const known = this.balances.get(id);
    if (known !== undefined) return known;
    const balance = createBalance({ id, ...place });
    this.balances.set(id, balance);
    this.#dirtyBalances.add(balance);
    return balance;
  }

  grant(session: number, balance: Balance, amounts: Sums): void {
    let lease = balance.leases.get(session);
    if (lease === undefined) {
      lease = { id: `${session}:${balance.id}`, session, balance, outstanding: ZERO };
      balance.leases.set(session, lease);
    }
    moveLease(lease, amounts);
    this.#dirtyLeases.add(lease);
  }

  /** Unused amounts come back from a worker. */
  giveBack(session: number, balanceId: string, amounts: Sums): void {
    const lease = this.#leaseOf(session, balanceId);
    if (lease !== null) this.#shrink(lease, amounts);
  }

  /** A worker has settled requests: what they used leaves its lease for good. */
  spend(session: number, balanceId: string, spent: Sums): void {
    const lease = this.#leaseOf(session, balanceId);
    if (lease === null) return;
    settle(lease.balance, spent);
    this.#dirtyBalances.add(lease.balance);
    this.#shrink(lease, spent);
  }

  /** A worker is gone without a word: what it held counts as spent. */
  forfeit(session: number): void {
    for (const balance of this.balances.values()) {
      const lease = balance.leases.get(session);
      if (lease !== undefined) this.spend(session, balance.id, lease.outstanding);
    }
  }

  #leaseOf(session: number, balanceId: string): Lease | null {
    const lease = this.balances.get(balanceId)?.leases.get(session);
    if (lease === undefined) this.#onFault(`a worker accounts for a lease that it does not hold`);
    return lease ?? null;
  }

  #shrink(lease: Lease, amounts: Sums): void {
    const taken = smaller(amounts, lease.outstanding);
    if (!isZero(subtract(amounts, taken))) {
      this.#onFault('a worker accounts for more than it holds');
    }
    moveLease(lease, negate(taken));
    this.#dirtyLeases.add(lease);
  }

  /**
   * Forgets balances that a later period has followed and that nothing can be spent from any more. The
   * later one is stored, so a restart under a clock that jumped back does not reopen the forgotten.
   */
  sweep(): void {
    for (const balance of this.balances.values()) {
      const rule = this.#ruleByKey.get(balance.rule);
      if (rule === undefined || balance.startMs >= (this.#latestStartMs.get(rule.per) ?? 0))
        continue;
      if (balance.leases.size > 0 || this.#dirtyBalances.has(balance)) continue;
      this.balances.delete(balance.id);
      this.#closed.push(balance.id);
    }
  }

  get hasChanges(): boolean {
    return this.#dirtyBalances.size + this.#dirtyLeases.size + this.#closed.length > 0;
  }

  /** What changed since the last call. The caller stores it, and goes on trying until it is stored. */
  takeChanges(): BookChanges {
    const balanceDeltas = [...this.#dirtyBalances].map(storedDelta);
    const leases = [...this.#dirtyLeases];
    const ended = leases.filter((lease) => isZero(lease.outstanding));
    for (const { session, balance } of ended) balance.leases.delete(session);
    for (const balance of this.#dirtyBalances) balance.unsaved = ZERO;
    this.#dirtyBalances.clear();
    this.#dirtyLeases.clear();
    return {
      balanceDeltas,
      leasesOpened: leases.filter((lease) => !isZero(lease.outstanding)).map(storedLease),
      leasesClosed: ended.map(({ id }) => id),
      balancesClosed: this.#closed.splice(0),
    };
  }
}
