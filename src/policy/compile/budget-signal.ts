import { BUDGET_LEFT_KIND, ConfigIssue, SPENDING_IN_VIEW } from '../../contract/index.ts';
import type { BudgetSpent, Reading, Signal, SignalSlot } from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import { budgetId } from '../config/build-config.ts';
import { entriesOf } from '../document/raw.ts';
import { COMPARISON_SCHEMA } from './comparison.ts';
import { compileMeasures } from './named-measures.ts';
import { strictMembers } from './named-parts.ts';
import type { Members } from './named-parts.ts';

const MEASURES = [
  { name: 'share', high: 1, isInteger: false },
  { name: 'tokens', high: Number.POSITIVE_INFINITY, isInteger: true },
  { name: 'usd', high: Number.POSITIVE_INFINITY, isInteger: false },
  { name: 'energyKilojoules', high: Number.POSITIVE_INFINITY, isInteger: false },
] as const;

const PICO_PER_USD = 1e12;
const MICROJOULES_PER_KILOJOULE = 1e9;

const measured = (description: string) => ({ ...COMPARISON_SCHEMA, description });

const CONDITION_SCHEMA: Signal['conditionSchema'] = {
  type: 'object',
  description:
    'What is left of the budgets that cover the caller, the least of them. Several comparisons mean all of them. Unknown where no budget covers it.',
  properties: {
    of: {
      type: 'string',
      description: 'The id of one budget. Unset: all but those that tell routes apart.',
    },
    share: measured('Of the limit that is nearest to its end, 0 to 1.'),
    tokens: measured('Tokens.'),
    usd: measured('Money.'),
    energyKilojoules: measured('Energy.'),
  },
  additionalProperties: false,
  minProperties: 1,
  examples: [{ share: { below: 0.2 } }],
};

/** `budgetLeft: { share: { below: 0.2 } }`. `budgets`: those of the policy file, as written. */
export function createBudgetSignal(budgets: unknown): Signal {
  const known = entriesOf(budgets).map(([, budget]) => ({
    id: typeof budget['id'] === 'string' ? budget['id'] : budgetId(budget),
    isByRoute: budget['route'] === '*',
  }));
  return {
    apiVersion: 1,
    kind: BUDGET_LEFT_KIND,
    definitionSchema: null,
    conditionSchema: CONDITION_SCHEMA,
    compile(value) {
      const members = strictMembers(value, ['of', ...MEASURES.map(({ name }) => name)]);
      return compileMeasures(MEASURES, members, slotOf(budgetOf(members, known)));
    },
  };
}

interface KnownBudget {
  readonly id: string;
  readonly isByRoute: boolean;
}

function budgetOf({ of }: Members, known: readonly KnownBudget[]): string | null {
  if (of === undefined) return null;
  const budget = known.find(({ id }) => id === of);
  if (budget === undefined) {
    const ids = known.map(({ id }) => id);
    const shown = ids.length === 0 ? 'no budget is defined' : `there are ${ids.join(', ')}`;
    const suggestion = typeof of === 'string' ? nearest(of, ids) : null;
    throw new ConfigIssue(`must be the id of a budget: ${shown}`, ['of'], suggestion);
  }
  if (budget.isByRoute) {
    throw new ConfigIssue('has a balance per route, and conditions come before the route', ['of']);
  }
  return budget.id;
}

function slotOf(budget: string | null): SignalSlot {
  return {
    key: budget === null ? BUDGET_LEFT_KIND : `${BUDGET_LEFT_KIND} ${budget}`,
    kind: BUDGET_LEFT_KIND,
    cost: 'free',
    read({ caller, user, receivedAtMs }, shared) {
      const { spending } = shared.share(SPENDING_IN_VIEW);
      if (spending === null) return unknown('no balance is in view');
      const covering = spending.covering({ ...caller, user, budget }, receivedAtMs);
      return covering.length === 0 ? unknown('no budget covers the caller') : leastLeft(covering);
    },
  };
}

const unknown = (reason: string): Reading => ({ value: null, confidence: 0, reason });

/** By quantity, the least that any budget leaves; quantities that none of them limits are left out. */
function leastLeft(covering: readonly BudgetSpent[]): Reading {
  const value: Record<string, number> = { share: 1 };
  const take = (name: string, limit: number | null, spent: number, unit: number): void => {
    if (limit === null) return;
    const left = Math.max(0, limit - spent);
    value['share'] = Math.min(value['share']!, limit === 0 ? 0 : left / limit);
    value[name] = Math.min(value[name] ?? Number.POSITIVE_INFINITY, left / unit);
  };
  for (const { limits, spent } of covering) {
    take('tokens', limits.tokens, spent.tokens, 1);
    take('usd', limits.picoUsd, spent.picoUsd, PICO_PER_USD);
    take('energyKilojoules', limits.microjoules, spent.microjoules, MICROJOULES_PER_KILOJOULE);
  }
  return { value, confidence: 1 };
}
