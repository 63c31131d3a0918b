import type { Amounts, BudgetLimits, BudgetRule, BudgetSpent } from '../contract/index.ts';
import type { SpendingInView } from '../contract/index.ts';
import type { SpendingQuery } from '../contract/index.ts';
import type { Sums } from './amounts.ts';
import type { Balance } from './balance.ts';
import type { BalanceBook } from './balance-book.ts';
import { applicable, balanceId, ruleKey } from './budget-scope.ts';
import type { ScopedRule } from './budget-scope.ts';
import { periodEndMs } from './period.ts';

/** What was settled, and carried over, by balance: `[rule|scope, end of the period, tokens, picoUsd, microjoules, and the same three carried]` over and over. */
export type SpendingCells = (string | number)[];

/** Cells per balance. */
const CELLS = 8;
const NOTHING_SPENT: Amounts = { tokens: 0, picoUsd: 0, microjoules: 0 };

interface Entry {
  readonly endMs: number;
  readonly spent: Amounts;
  readonly carried: Amounts;
}

/** What a worker was told of the balances. A balance that it never heard of has been spent by nobody. */
export class SpendingView implements SpendingInView {
  readonly #entries = new Map<string, Entry>();
  #rules: readonly BudgetRule[] = [];

  setRules(rules: readonly BudgetRule[]): void {
    this.#rules = rules;
  }

  /** `isWhole`: what is not among the cells is not there any more. */
  take(cells: SpendingCells, isWhole: boolean): void {
    if (isWhole) this.#entries.clear();
    for (let i = 0; i < cells.length; i += CELLS) {
      const number = (at: number): number => cells[i + at] as number;
      const amounts = (at: number): Amounts => ({
        tokens: number(at),
        picoUsd: number(at + 1),
        microjoules: number(at + 2),
      });
      const entry = { endMs: number(1), spent: amounts(2), carried: amounts(5) };
      this.#entries.set(cells[i] as string, entry);
    }
  }

  covering(query: SpendingQuery, nowMs: number): readonly BudgetSpent[] {
    return coveringRules(this.#rules, query).map(({ rule, key }) => {
      const entry = this.#entries.get(key);
      const isCurrent = entry !== undefined && nowMs < entry.endMs;
      if (!isCurrent) return { limits: rule.limits, spent: NOTHING_SPENT };
      return { limits: raised(rule.limits, entry.carried), spent: entry.spent };
    });
  }
}

/** The same, from the balances themselves. */
export function spendingOf(book: BalanceBook): SpendingInView {
  return {
    covering: (query, nowMs) =>
      coveringRules(book.rules, query).map(({ rule, scope }) => {
        const startMs = book.startOf(rule, nowMs);
        const balance = book.balances.get(balanceId({ rule: ruleKey(rule), scope, startMs }));
        if (balance === undefined) return { limits: rule.limits, spent: NOTHING_SPENT };
        const { settled, carried } = balance;
        return { limits: raised(rule.limits, amountsOf(carried)), spent: amountsOf(settled) };
      }),
  };
}

/** Of the latest period of each balance: one that has a later one is over. */
export function spendingCells(
  rules: readonly BudgetRule[],
  balances: Iterable<Balance>,
): SpendingCells {
  const byKey = new Map(rules.map((rule) => [ruleKey(rule), rule]));
  const cells: SpendingCells = [];
  for (const balance of currentOf(balances)) {
    const rule = byKey.get(balance.rule);
    if (rule === undefined) continue;
    cells.push(`${balance.rule}|${balance.scope}`, periodEndMs(rule, balance.startMs));
    for (const { tokens, picoUsd, microjoules } of [balance.settled, balance.carried]) {
      cells.push(Number(tokens), Number(picoUsd), Number(microjoules));
    }
  }
  return cells;
}

/** The route is not known yet: a budget of one route is read where it is named, one that tells routes apart never. */
function coveringRules(rules: readonly BudgetRule[], query: SpendingQuery): readonly ScopedRule[] {
  const { budget, ...spender } = query;
  const asked = rules.filter(({ id, scope }) =>
    budget === null ? scope.route === null : id === budget && scope.route !== '*',
  );
  return asked.flatMap((rule) => applicable([rule], { ...spender, route: rule.scope.route ?? '' }));
}

const amountsOf = ({ tokens, picoUsd, microjoules }: Sums): Amounts => ({
  tokens: Number(tokens),
  picoUsd: Number(picoUsd),
  microjoules: Number(microjoules),
});

const raised = (limits: BudgetLimits, carried: Amounts): BudgetLimits => ({
  tokens: limits.tokens === null ? null : limits.tokens + carried.tokens,
  picoUsd: limits.picoUsd === null ? null : limits.picoUsd + carried.picoUsd,
  microjoules: limits.microjoules === null ? null : limits.microjoules + carried.microjoules,
});

function currentOf(balances: Iterable<Balance>): Iterable<Balance> {
  const latest = new Map<string, Balance>();
  for (const balance of balances) {
    const key = `${balance.rule}|${balance.scope}`;
    if ((latest.get(key)?.startMs ?? Number.NEGATIVE_INFINITY) <= balance.startMs) {
      latest.set(key, balance);
    }
  }
  return latest.values();
}
