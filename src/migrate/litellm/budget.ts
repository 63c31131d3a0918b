import type { PolicyDraft } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeNumber, takeText } from '../foreign/take.ts';
import { lookup } from '../foreign/lookup.ts';

const PERIODS: Readonly<Record<string, string>> = {
  '1m': 'minute',
  '60s': 'minute',
  '1h': 'hour',
  '60m': 'hour',
  '1d': 'day',
  '24h': 'day',
  '30d': 'month',
  '1mo': 'month',
};

/** `max_budget` of the whole proxy, in USD per `budget_duration`. */
export function importBudget(settings: ForeignNode | null, draft: PolicyDraft): void {
  const node = settings?.at('max_budget') ?? null;
  const usd = takeNumber(node, { min: 1e-6, max: 1e9 });
  if (node === null || usd === null) return;
  const durationNode = settings?.at('budget_duration') ?? null;
  const duration = takeText(durationNode);
  const per = duration === null ? 'total' : lookup(PERIODS, duration);
  if (per === undefined) {
    durationNode?.drop('the policy has minute, hour, day, month and total: the budget is left out');
    node.drop('its budget_duration is no period of the policy');
    return;
  }
  if (duration === '30d') durationNode?.change('is a calendar month');
  draft.add('budgets', { per, usd }, `from ${node.origin}`);
}
