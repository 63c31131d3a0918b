import type { Clock } from '../kernel/index.ts';
import type { BourseEvent, BudgetRule, Store } from '../contract/index.ts';
import type { Balance } from './balance.ts';
import type { BalanceBook } from './balance-book.ts';
import { BudgetWarnings } from './budget-warnings.ts';
import type { WarningCells } from './budget-warnings.ts';
import { ruleKey } from './budget-scope.ts';
import { Pacer } from './pacer.ts';
import type { ToWorker } from './protocol.ts';
import { ShadowView } from './shadow-view.ts';
import type { ShadowCells } from './shadow-view.ts';

export interface BudgetWatchPort {
  readonly book: BalanceBook;
  readonly store: Pick<Store, 'saveDocument'>;
  readonly clock: Clock;
  readonly broadcast: (message: ToWorker) => void;
  readonly onEvent: (event: BourseEvent) => void;
}

const WARNINGS = 'budget-warnings';
const PACES = 'budget-paces';

/** Watches balances between requests: sets their shadow prices, and warns once where they are nearly used up. */
export class BudgetWatch {
  /** What workers were told, for decisions that the keeper itself explains. */
  readonly prices = new ShadowView();
  readonly #port: BudgetWatchPort;
  readonly #pacer = new Pacer();
  readonly #warnings = new BudgetWarnings();
  #rules: ReadonlyMap<string, BudgetRule> = new Map();
  /** Every balance is to be looked at, not only those that were spent from. */
  #isFresh = true;
  #isStoring = false;
  #savedPaces = '';

  constructor(port: BudgetWatchPort) {
    this.#port = port;
  }

  /** Before the first `setRules`. */
  restore(documents: ReadonlyMap<string, string>): void {
    const paces = documents.get(PACES);
    const warnings = documents.get(WARNINGS);
    if (paces !== undefined) this.#pacer.restore(paces);
    if (warnings !== undefined) this.#warnings.restore(warnings);
  }

  setRules(rules: readonly BudgetRule[]): void {
    this.#rules = new Map(rules.map((rule) => [ruleKey(rule), rule]));
    this.#pacer.setRules(rules);
    this.prices.setRules(rules);
    this.#isFresh = true;
  }

  /** A few times a second. `spent`: the balances of which something was settled since the last time. */
  look(spent: ReadonlySet<Balance>): void {
    const { book, clock, broadcast } = this.#port;
    const nowMs = clock.nowMs();
    const cells = this.#pacer.look(book, nowMs);
    if (cells.length > 0) {
      this.prices.take(cells);
      broadcast({ kind: 'shadow', cells });
    }
    for (const balance of this.#isFresh ? book.balances.values() : spent) {
      const rule = this.#rules.get(balance.rule);
      const isCurrent = rule !== undefined && balance.startMs === book.startOf(rule, nowMs);
      if (isCurrent) this.#warnings.look(balance, rule);
    }
    this.#isFresh = false;
    if (this.#warnings.hasChanged && !this.#isStoring) void this.#tellWarnings();
  }

  /** Stored before it is told: a restart tells nothing twice. Where the store fails, the next look tries again. */
  async #tellWarnings(): Promise<void> {
    const { book, store, broadcast, onEvent } = this.#port;
    this.#isStoring = true;
    this.#warnings.keepOnly(book.balances);
    const { warnings, cells } = this.#warnings.takeFound();
    try {
      await store.saveDocument(WARNINGS, this.#warnings.toJson());
    } catch {
      this.#warnings.putBack(warnings, cells);
      return;
    } finally {
      this.#isStoring = false;
    }
    for (const warning of warnings) onEvent(warning);
    broadcast({ kind: 'warnings', cells });
  }

  /** Prices are found again where this fails: they are kept for a quiet restart only. */
  async save(): Promise<void> {
    const json = this.#pacer.toJson();
    if (json === this.#savedPaces) return;
    await this.#port.store.saveDocument(PACES, json);
    this.#savedPaces = json;
  }

  welcome(): { readonly shadow: ShadowCells; readonly warnings: WarningCells } {
    const { book, clock } = this.#port;
    return {
      shadow: this.#pacer.allCells(book, clock.nowMs()),
      warnings: this.#warnings.allCells([...this.#rules.values()], book.balances),
    };
  }

  /** What the admin API shows of a balance beside its sums. */
  viewOf(balance: Balance) {
    return {
      pace: this.#pacer.viewOf(balance, this.#port.clock.nowMs()),
      warnings: this.#warnings.levelsOf(balance.id),
    };
  }
}
