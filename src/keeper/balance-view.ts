import type { BalanceView, BudgetInput, BudgetRule } from '../contract/index.ts';
import type { Applied, Balance } from './balance.ts';
import type { Sums } from './amounts.ts';

/** A balance as the admin API shows it. `reserved` is what workers hold: for requests in flight, and as slices. */
export function viewOf(
  rule: BudgetRule,
  balance: Pick<Balance, 'scope' | 'startMs' | 'settled' | 'leased'>,
): BalanceView {
  const { limits } = rule;
  return {
    rule: rule.id,
    scope: balance.scope,
    per: rule.per,
    periodStartMs: balance.startMs,
    limits: {
      tokens: limits.tokens === null ? null : BigInt(Math.floor(limits.tokens)).toString(),
      usd: limits.picoUsd === null ? null : decimal(BigInt(Math.floor(limits.picoUsd)), 12),
      joules:
        limits.microjoules === null ? null : decimal(BigInt(Math.floor(limits.microjoules)), 6),
    },
    settled: amountsOf(balance.settled),
    reserved: amountsOf(balance.leased),
  };
}

const amountsOf = (sums: Sums): BalanceView['settled'] => ({
  tokens: sums.tokens.toString(),
  usd: decimal(sums.picoUsd, 12),
  joules: decimal(sums.microjoules, 6),
});

/** `value / 10^places`, exactly, without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  return digits.slice(0, -places) + (fraction === '' ? '' : `.${fraction}`);
}

/** The share of a balance's limits that is settled or held, by quantity. */
export function usedRatios({ rule, balance }: Pick<Applied, 'rule' | 'balance'>) {
  const ratios: { readonly quantity: string; readonly ratio: number }[] = [];
  for (const quantity of ['tokens', 'picoUsd', 'microjoules'] as const) {
    const limit = rule.limits[quantity];
    if (limit === null || limit <= 0) continue;
    const used = Number(balance.settled[quantity] + balance.leased[quantity]);
    ratios.push({ quantity, ratio: used / limit });
  }
  return ratios;
}

/** The rules that the admin API set for a tenant. Their ids tell where they come from. */
export function rulesOf(tenant: string, budgets: readonly BudgetInput[]): BudgetRule[] {
  return budgets.map((budget) => ({
    id: `admin:${tenant}:${budget.per}`,
    scope: { tenant, key: null, user: null, route: null },
    per: budget.per,
    limits: {
      tokens: budget.tokens ?? null,
      picoUsd: budget.usd === undefined ? null : Math.round(budget.usd * 1e12),
      microjoules:
        budget.energyKilojoules === undefined ? null : Math.round(budget.energyKilojoules * 1e9),
    },
  }));
}
