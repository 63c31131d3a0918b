import type { BudgetRule, StoreBatch, StoredBalance } from '../contract/index.ts';
import type { StoredLease } from '../contract/index.ts';
import { add, isZero, smaller, subtract, ZERO } from './amounts.ts';
import type { Sums } from './amounts.ts';
import { createBalance, moveLease, negate, settle } from './balance.ts';
import { storedDeltas, storedLease } from './balance.ts';
import type { Applied, Balance, Lease } from './balance.ts';
import { applicable, balanceId, carriedInto, carryId } from './budget-scope.ts';
import { parseBalanceId, ruleKey } from './budget-scope.ts';
import type { BalancePlace, ScopedRule, Spender } from './budget-scope.ts';
import { carryFrom } from './carry-over.ts';
import { periodEndMs, periodKey, periodStartMs } from './period.ts';
import type { Period } from './period.ts';

/** Past this many balances, users not seen before share one: clients make up their names. */
const BALANCES_MAX = 100_000;

export type BookChanges = Omit<StoreBatch, 'outcomes'>;

/**
 * Every balance and every lease. Pure bookkeeping, in memory; `takeChanges` is what a commit must
 * store for the file to say the same.
 */
export class BalanceBook {
  readonly balances = new Map<string, Balance>();
  /** By `periodKey`. */
  readonly #latestStartMs = new Map<string, number>();
  readonly #dirtyBalances = new Set<Balance>();
  readonly #dirtyLeases = new Set<Lease>();
  readonly #closed: string[] = [];
  /** Of which something was settled since `takeSpent`. */
  #spent = new Set<Balance>();
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
    for (const { id, ...sums } of balances) {
      if (carriedInto(id) === null) this.#balanceFrom(id, sums);
    }
    for (const { id, ...sums } of balances) {
      const into = carriedInto(id);
      const balance = into === null ? null : this.#balanceAt(into);
      if (balance !== null) balance.carried = sums;
    }
    for (const { id, balance, ...outstanding } of leases) {
      const owner = this.#balanceAt(balance);
      if (owner === null) continue;
      settle(owner, outstanding);
      this.#dirtyBalances.add(owner);
      this.#dirtyLeases.add({ id, session: 0, balance: owner, outstanding: ZERO });
    }
  }

  #balanceAt(id: string): Balance | null {
    return this.balances.get(id) ?? this.#balanceFrom(id, ZERO);
  }

  #balanceFrom(id: string, settled: Sums): Balance | null {
    const place = parseBalanceId(id);
    if (place === null) return null;
    const balance = createBalance({ id, ...place }, settled);
    this.balances.set(id, balance);
    return balance;
  }

  /** A period that was seen stays begun when the clock jumps back: its predecessor is never reopened. */
  startOf(period: Period, nowMs: number): number {
    const latest = this.#latestStartMs.get(periodKey(period)) ?? 0;
    return Math.max(periodStartMs(period, nowMs), latest);
  }

  /** The balances of a rule in the current period. */
  current(rule: BudgetRule, nowMs: number): Balance[] {
    const key = ruleKey(rule);
    const startMs = this.startOf(rule, nowMs);
    return [...this.balances.values()].filter(
      (balance) => balance.rule === key && balance.startMs === startMs,
    );
  }

  #noteStart(balance: Balance): void {
    const rule = this.#ruleByKey.get(balance.rule);
    if (rule === undefined || periodStartMs(rule, balance.startMs) !== balance.startMs) return;
    const latest = this.#latestStartMs.get(periodKey(rule)) ?? 0;
    this.#latestStartMs.set(periodKey(rule), Math.max(latest, balance.startMs));
  }

  /** The balances that a spender's requests count against, created where they are new. */
  appliedTo(spender: Spender, nowMs: number): readonly Applied[] {
    return applicable(this.#rules, spender).map((scoped) => this.#apply(scoped, nowMs));
  }

  #apply({ rule, scope, key }: ScopedRule, nowMs: number): Applied {
    const startMs = this.startOf(rule, nowMs);
    this.#latestStartMs.set(periodKey(rule), startMs);
    const place = { rule: ruleKey(rule), scope, startMs };
    const balance = this.balances.get(balanceId(place)) ?? this.#create(place);
    return { rule, key, balance, endMs: periodEndMs(rule, startMs) };
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
    const rule = this.#ruleByKey.get(place.rule);
    if (rule?.carryOver !== undefined) this.#carry(rule, this.#before(rule, balance), balance);
    return balance;
  }

  #before(rule: BudgetRule, balance: Balance): Balance | undefined {
    return this.balances.get(
      balanceId({ ...balance, startMs: periodStartMs(rule, balance.startMs - 1) }),
    );
  }

  /**
   * Carries over what is left, once more where some of it came back late. What a balance has taken only
   * falls after its period, so that what was carried before is never too much.
   */
  #carry(rule: BudgetRule, from: Balance | undefined, into: Balance): void {
    if (from === undefined) return;
    const more = subtract(carryFrom(from, rule), into.carried);
    const added = {
      tokens: more.tokens > 0n ? more.tokens : 0n,
      picoUsd: more.picoUsd > 0n ? more.picoUsd : 0n,
      microjoules: more.microjoules > 0n ? more.microjoules : 0n,
    };
    if (isZero(added)) return;
    into.carried = add(into.carried, added);
    into.unsavedCarry = add(into.unsavedCarry, added);
    this.#dirtyBalances.add(into);
  }

  /** The balances of which something was settled since the last call. */
  takeSpent(): ReadonlySet<Balance> {
    const spent = this.#spent;
    if (spent.size > 0) this.#spent = new Set();
    return spent;
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
  giveBack(session: number, id: string, amounts: Sums): void {
    const lease = this.#leaseOf(session, id);
    if (lease === null) return;
    this.#shrink(lease, amounts);
    const { balance } = lease;
    const rule = this.#ruleByKey.get(balance.rule);
    if (rule?.carryOver === undefined) return;
    const startMs = periodEndMs(rule, balance.startMs);
    const next = this.balances.get(balanceId({ ...balance, startMs }));
    if (next !== undefined) this.#carry(rule, balance, next);
  }

  /** A worker has settled requests: what they used leaves its lease for good. */
  spend(session: number, id: string, spent: Sums): void {
    const lease = this.#leaseOf(session, id);
    if (lease === null) return;
    settle(lease.balance, spent);
    this.#dirtyBalances.add(lease.balance);
    this.#spent.add(lease.balance);
    this.#shrink(lease, spent);
  }

  /** A worker is gone without a word: what it held counts as spent. */
  forfeit(session: number): void {
    for (const balance of this.balances.values()) {
      const lease = balance.leases.get(session);
      if (lease !== undefined) this.spend(session, balance.id, lease.outstanding);
    }
  }

  #leaseOf(session: number, id: string): Lease | null {
    const lease = this.balances.get(id)?.leases.get(session);
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
      if (rule === undefined) continue;
      const latest = this.#latestStartMs.get(periodKey(rule)) ?? 0;
      // One that has something to carry over is needed for a period longer.
      const kept = rule.carryOver === undefined ? latest : periodStartMs(rule, latest - 1);
      if (balance.startMs >= kept) continue;
      if (balance.leases.size > 0 || this.#dirtyBalances.has(balance)) continue;
      this.balances.delete(balance.id);
      this.#closed.push(balance.id);
      if (!isZero(balance.carried)) this.#closed.push(carryId(balance));
    }
  }

  get hasChanges(): boolean {
    return this.#dirtyBalances.size + this.#dirtyLeases.size + this.#closed.length > 0;
  }

  /** What changed since the last call. The caller stores it, and goes on trying until it is stored. */
  takeChanges(): BookChanges {
    const balanceDeltas = [...this.#dirtyBalances].flatMap(storedDeltas);
    const leases = [...this.#dirtyLeases];
    const ended = leases.filter((lease) => isZero(lease.outstanding));
    for (const { session, balance } of ended) balance.leases.delete(session);
    for (const balance of this.#dirtyBalances) {
      balance.unsaved = ZERO;
      balance.unsavedCarry = ZERO;
    }
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
