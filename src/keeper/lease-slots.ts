import type { BudgetRule } from '../contract/index.ts';
import { applicable, partsRead } from './budget-scope.ts';
import type { Spender } from './budget-scope.ts';
import type { LocalLease } from './local-lease.ts';

/** The place of one budget at a worker: the same from period to period, while the lease changes. */
export interface Slot {
  readonly key: string;
  lease: LocalLease | null;
  /** The keeper has been asked; requests wait for its answer in order. */
  isBusy: boolean;
}

/** Past this many look-ups remembered, they are all forgotten. */
const SETS_MAX = 20_000;
const NO_SLOTS: readonly Slot[] = [];

/** Finds the budgets that apply to a spender, with one look-up for spenders seen before. */
export class LeaseSlots {
  readonly #rules: readonly BudgetRule[];
  readonly #reads: ReturnType<typeof partsRead>;
  readonly #sets = new Map<string, readonly Slot[]>();
  readonly #slots = new Map<string, Slot>();

  constructor(rules: readonly BudgetRule[]) {
    this.#rules = rules;
    this.#reads = partsRead(rules);
  }

  of(spender: Spender): readonly Slot[] {
    if (this.#rules.length === 0) return NO_SLOTS;
    const key = this.#keyOf(spender);
    return this.#sets.get(key) ?? this.#find(key, spender);
  }

  get(key: string): Slot {
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = { key, lease: null, isBusy: false };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  /** Forgets slots without a lease, where there are many. */
  trim(): void {
    if (this.#slots.size < SETS_MAX) return;
    this.#sets.clear();
    for (const [key, { lease, isBusy }] of this.#slots) {
      if (!isBusy && (lease === null || lease.isRetired)) this.#slots.delete(key);
    }
  }

  #keyOf({ tenant, key, user, route }: Spender): string {
    const reads = this.#reads;
    if (!reads.key && !reads.user && !reads.route) return tenant;
    // The lengths keep apart what the separator, which a user may contain, would not.
    let text = `${tenant.length}:${tenant}`;
    if (reads.key) text += `${key.length}:${key}`;
    if (reads.route) text += `${route.length}:${route}`;
    if (reads.user) text += user ?? '';
    return text;
  }

  #find(key: string, spender: Spender): readonly Slot[] {
    if (this.#sets.size >= SETS_MAX) this.#sets.clear();
    const slots = applicable(this.#rules, spender).map((scoped) => this.get(scoped.key));
    this.#sets.set(key, slots);
    return slots;
  }
}
