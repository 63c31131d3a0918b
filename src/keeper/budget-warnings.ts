import { WARNING_RATIOS } from '../contract/index.ts';
import type { BourseEvent, BudgetQuantity, BudgetRule, WarningRatio } from '../contract/index.ts';
import { mostOf } from './balance.ts';
import type { Balance } from './balance.ts';
import { QUANTITIES } from './budget-quantities.ts';
import { ruleKey } from './budget-scope.ts';
import { periodEndMs } from './period.ts';

export type Levels = Partial<Record<BudgetQuantity, WarningRatio>>;
type Warning = Extract<BourseEvent, { kind: 'budget-warning' }>;

/** Texts by balance id, for the answers of those whose budget it is: `[id, text]` over and over; empty: none any more. */
export type WarningCells = string[];

const NO_LEVELS: Levels = {};

/**
 * Which shares of their budgets balances have passed. Each is told once in a period; a limit that is
 * raised, so that spending is below the share again, makes the next passing a new one. What is found
 * is to be stored before it is told, so that no restart tells it again.
 */
export class BudgetWarnings {
  readonly #levels = new Map<string, Levels>();
  #untold: Warning[] = [];
  #changed: WarningCells = [];

  restore(json: string): void {
    try {
      for (const [id, levels] of JSON.parse(json) as [string, Levels][])
        this.#levels.set(id, levels);
    } catch {
      // Told twice is better than a keeper that does not start.
      this.#levels.clear();
    }
  }

  toJson(): string {
    return JSON.stringify([...this.#levels]);
  }

  levelsOf(id: string): Levels {
    return this.#levels.get(id) ?? NO_LEVELS;
  }

  /** Looks at a balance of a current period. */
  look(balance: Balance, rule: BudgetRule): void {
    const before = this.levelsOf(balance.id);
    const after: Levels = {};
    for (const { quantity, ratio } of usedRatios(balance, rule)) {
      const passed = WARNING_RATIOS.filter((level) => ratio >= level);
      const highest = passed.at(-1);
      if (highest === undefined) continue;
      after[quantity] = highest;
      for (const level of passed) {
        if (level > (before[quantity] ?? 0)) {
          this.#untold.push(warningOf(balance, rule, { quantity, level, ratio }));
        }
      }
    }
    const text = warningText(rule, after);
    if (text === warningText(rule, before)) return;
    if (text === '') this.#levels.delete(balance.id);
    else this.#levels.set(balance.id, after);
    this.#changed.push(balance.id, isOwn(rule) ? text : '');
  }

  /** Balances that are gone need no record. */
  keepOnly(balances: ReadonlyMap<string, unknown>): void {
    for (const id of this.#levels.keys()) if (!balances.has(id)) this.#levels.delete(id);
  }

  get hasChanged(): boolean {
    return this.#changed.length > 0;
  }

  /** What was found since the last call: the caller has stored it. */
  takeFound(): { readonly warnings: readonly Warning[]; readonly cells: WarningCells } {
    const found = { warnings: this.#untold, cells: this.#changed };
    this.#untold = [];
    this.#changed = [];
    return found;
  }

  /** What could not be stored comes again with the next. */
  putBack(warnings: readonly Warning[], cells: WarningCells): void {
    this.#untold = [...warnings, ...this.#untold];
    this.#changed = [...cells, ...this.#changed];
  }

  /** Every text, for a worker that has heard of none. */
  allCells(rules: readonly BudgetRule[], balances: ReadonlyMap<string, Balance>): WarningCells {
    const byKey = new Map(rules.map((rule) => [ruleKey(rule), rule]));
    return [...this.#levels].flatMap(([id, levels]) => {
      const rule = byKey.get(balances.get(id)?.rule ?? '');
      return rule === undefined || !isOwn(rule) ? [] : [id, warningText(rule, levels)];
    });
  }
}

/** A budget that is one caller's: others are none of its business. */
const isOwn = ({ scope }: BudgetRule): boolean =>
  scope.tenant !== null || scope.key !== null || scope.user !== null;

/** As a header says it: `acme-daily;usd=80, acme-daily;tokens=95`. */
function warningText({ id }: BudgetRule, levels: Levels): string {
  const shown = PLAIN_ID.test(id) ? id : encodeURIComponent(id);
  return QUANTITIES.flatMap(({ name }) => {
    const level = levels[name];
    return level === undefined ? [] : [`${shown};${name}=${Math.round(level * 100)}`];
  }).join(', ');
}

/** The id of a budget that the admin API made holds a tenant's name as it came. */
const PLAIN_ID = /^[\w@.:/+*-]{1,300}$/;

function warningOf(
  balance: Balance,
  rule: BudgetRule,
  passed: {
    readonly quantity: BudgetQuantity;
    readonly level: WarningRatio;
    readonly ratio: number;
  },
): Warning {
  const endMs = periodEndMs(rule, balance.startMs);
  return {
    kind: 'budget-warning',
    budget: rule.id,
    scope: balance.scope,
    quantity: passed.quantity,
    level: passed.level,
    usedRatio: Math.round(passed.ratio * 1e4) / 1e4,
    periodStartMs: balance.startMs,
    periodEndMs: Number.isFinite(endMs) ? endMs : null,
  };
}

/** The settled share of what may be spent; what requests in flight hold may yet come back. */
function usedRatios(
  balance: Balance,
  { limits }: BudgetRule,
): { readonly quantity: BudgetQuantity; readonly ratio: number }[] {
  const most = mostOf(balance, limits);
  return QUANTITIES.flatMap(({ name, member }) => {
    const limit = most[member];
    if (limit === null || limit <= 0n) return [];
    return [{ quantity: name, ratio: Number(balance.settled[member]) / Number(limit) }];
  });
}
