import type { BudgetRule, Formula, Instance, NumberQuantity } from '../../../contract/index.ts';
import type { CompiledRoute } from '../../compile/rules.ts';
import type { Analyst } from '../analyst.ts';
import { all } from '../formula.ts';
import { factsIn } from '../facts.ts';

/** No request has a smaller bound of its prompt: its braces and keys alone are as long. */
const PROMPT_TOKENS_MIN = 30;
/** The prompt's estimate is at least its bytes over this; `contextTokens` is its bytes over 4. */
const BYTES_PER_TOKEN_MAX = 8;
const CONTEXT_BYTES_PER_TOKEN = 4;
const PICO_USD = 1e12;

/** Limits and budgets that are below the cheapest request there can be. */
export async function findUnmeetable(
  analyst: Analyst,
  routes: readonly CompiledRoute[],
): Promise<void> {
  for (const route of routes) await checkLimits(analyst, route);
  for (const [i, budget] of analyst.subject.config.budgets.entries()) {
    checkBudget(analyst, { budget, index: i, routes });
  }
}

async function checkLimits(analyst: Analyst, route: CompiledRoute): Promise<void> {
  const { maxCostUsd, maxEnergyJoules } = route.mandate.limits;
  const instances = instancesOf(analyst, route);
  if (route.path === null || route.mandate.answer !== null || instances.length === 0) return;
  const path = [...route.path, 'use', 'limits'];
  const related = [{ path: route.path, message: `"${route.name}" is here` }];
  if (maxEnergyJoules !== null && instances.every(({ model }) => model.power === null)) {
    analyst.add({
      code: 'unmeetable-limit',
      severity: 'error',
      path: [...path, 'maxEnergyJoules'],
      message: `no instance of the route "${route.name}" tells its energy, and an unknown energy fails a limit: give its models energy, or drop the limit`,
      related,
    });
  }
  if (maxCostUsd === null) return;
  const tokens = Math.max(1, await leastPromptTokens(analyst, route));
  const cheapest = cheapestUsd(instances, tokens, 1);
  if (cheapest !== null && cheapest <= maxCostUsd) return;
  const reason =
    cheapest === null
      ? 'no instance of it has a price, and an unknown price fails a limit: give its models prices'
      : `the cheapest request that it takes (${tokens} prompt tokens or more) costs ${usd(cheapest)}: raise the limit, or add a cheaper model`;
  analyst.add({
    code: 'unmeetable-limit',
    severity: 'error',
    path: [...path, 'maxCostUsd'],
    message: `no request of the route "${route.name}" can cost at most ${usd(maxCostUsd)}: ${reason}`,
    related,
  });
}

interface BudgetAt {
  readonly budget: BudgetRule;
  readonly index: number;
  readonly routes: readonly CompiledRoute[];
}

/** What a reservation must hold at least; an instance without a price reserves no money. */
function checkBudget(analyst: Analyst, { budget, index, routes }: BudgetAt): void {
  const { scope, limits } = budget;
  const asked = routes.filter(
    ({ name, mandate }) =>
      mandate.answer === null &&
      (scope.route === null || scope.route === '*' || scope.route === name),
  );
  const instances = new Set(asked.flatMap((route) => instancesOf(analyst, route)));
  if (instances.size === 0) return;
  const prices = [...instances].map(
    (instance) => cheapestUsd([instance], PROMPT_TOKENS_MIN, 1) ?? 0,
  );
  const leastUsd = Math.min(...prices);
  const tokens = PROMPT_TOKENS_MIN + 1;
  const isShort = (limit: number | null, least: number): limit is number =>
    limit !== null && limit < least;
  const reason = isShort(limits.tokens, tokens)
    ? `${limits.tokens} tokens are less than the ${tokens} that the smallest request reserves`
    : isShort(limits.picoUsd, leastUsd * PICO_USD)
      ? `${usd(limits.picoUsd / PICO_USD)} is less than the ${usd(leastUsd)} that the smallest request reserves with the cheapest instance`
      : null;
  if (reason === null) return;
  analyst.add({
    code: 'unmeetable-budget',
    severity: 'error',
    path: ['budgets', index],
    message: `the budget "${budget.id}" refuses every request, whatever the mode: ${reason}. Raise it`,
  });
}

/** Null where no instance has a price. */
function cheapestUsd(
  instances: readonly Instance[],
  promptTokens: number,
  outputTokens: number,
): number | null {
  const costs = instances.flatMap(({ model: { price } }) => {
    if (price === null) return [];
    const input = Math.min(price.inputPicoUsd, price.cachedInputPicoUsd);
    return [(promptTokens * input + outputTokens * price.outputPicoUsd) / PICO_USD];
  });
  return costs.length === 0 ? null : Math.min(...costs);
}

/** The prompt tokens below which the route never matches, by what it says of `contextTokens`. */
async function leastPromptTokens(analyst: Analyst, { condition }: CompiledRoute): Promise<number> {
  const matches = analyst.formulas.isTrue(condition);
  const context = factsIn(matches).find(({ of }) => of.name === 'contextTokens');
  if (context?.kind !== 'within') return 0;
  const cuts = factsIn(matches).flatMap((fact) =>
    fact.kind === 'within' && fact.of.name === 'contextTokens'
      ? fact.intervals.map(({ low }) => low)
      : [],
  );
  for (const cut of [...new Set(cuts)].filter(Number.isFinite).sort((a, b) => b - a)) {
    if (await analyst.questions.isNever(all([matches, isBelow(context.of, cut)]))) {
      return Math.floor((cut * CONTEXT_BYTES_PER_TOKEN) / BYTES_PER_TOKEN_MAX);
    }
  }
  return 0;
}

const isBelow = (of: NumberQuantity, high: number): Formula => ({
  kind: 'within',
  of,
  intervals: [{ low: Number.NEGATIVE_INFINITY, high, isLowOpen: true, isHighOpen: true }],
});

function instancesOf(analyst: Analyst, { mandate }: CompiledRoute): readonly Instance[] {
  return analyst.subject.config.instances.filter(({ model }) =>
    mandate.models === null ? model.kind === 'chat' : mandate.models.has(model.id),
  );
}

const usd = (amount: number): string => `$${Number(amount.toPrecision(3))}`;
