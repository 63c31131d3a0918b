import type { BalanceView, BudgetInput, BudgetRule } from '../contract/index.ts';
import { mostOf, remainingOf } from './balance.ts';
import type { Applied, Balance, Remaining } from './balance.ts';
import type { Sums } from './amounts.ts';
import { periodEndMs } from './period.ts';

/** A balance as the admin API shows it. `reserved` is what workers hold: for requests in flight, and as slices. */
export function viewOf(
  rule: BudgetRule,
  balance: Pick<Balance, 'scope' | 'startMs' | 'settled' | 'leased' | 'carried'>,
  watched: Pick<BalanceView, 'pace' | 'warnings'>,
): BalanceView {
  const { limits } = rule;
  const endMs = periodEndMs(rule, balance.startMs);
  return {
    rule: rule.id,
    scope: balance.scope,
    per: rule.per,
    timeZone: rule.timeZone ?? 'UTC',
    periodStartMs: balance.startMs,
    periodEndMs: Number.isFinite(endMs) ? endMs : null,
    limits: limitsOf(mostOf(balance, limits)),
    settled: amountsOf(balance.settled),
    reserved: amountsOf(balance.leased),
    left: limitsOf(remainingOf(balance, limits)),
    carriedOver: amountsOf(balance.carried),
    ...watched,
  };
}

/** A limit that was lowered below what is spent leaves nothing, not less. */
function limitsOf({ tokens, picoUsd, microjoules }: Remaining): BalanceView['limits'] {
  const shown = (amount: bigint | null, places: number): string | null =>
    amount === null ? null : decimal(amount < 0n ? 0n : amount, places);
  return { tokens: shown(tokens, 0), usd: shown(picoUsd, 12), joules: shown(microjoules, 6) };
}

const amountsOf = (sums: Sums): BalanceView['settled'] => ({
  tokens: sums.tokens.toString(),
  usd: decimal(sums.picoUsd, 12),
  joules: decimal(sums.microjoules, 6),
});

/** `value / 10^places`, exactly, without trailing zeros. */
function decimal(value: bigint, places: number): string {
  if (places === 0) return value.toString();
  const digits = value.toString().padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  return digits.slice(0, -places) + (fraction === '' ? '' : `.${fraction}`);
}

/** The share of a balance's limits that is settled or held, by quantity. */
export function usedRatios({ rule, balance }: Pick<Applied, 'rule' | 'balance'>) {
  const ratios: { readonly quantity: string; readonly ratio: number }[] = [];
  for (const quantity of ['tokens', 'picoUsd', 'microjoules'] as const) {
    const limit = Number(mostOf(balance, rule.limits)[quantity] ?? 0n);
    if (limit <= 0) continue;
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
