import type { BudgetPeriod } from '../contract/index.ts';

const MINUTE_MS = 60_000;
const FIXED_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 1_440 * MINUTE_MS };

/** When the period that holds `atMs` began, in UTC; `total` began at 0. */
export function periodStartMs(per: BudgetPeriod, atMs: number): number {
  if (per === 'total') return 0;
  if (per !== 'month') return atMs - (atMs % FIXED_MS[per]);
  const date = new Date(atMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** When the period that began at `startMs` ends; `total` never does. */
export function periodEndMs(per: BudgetPeriod, startMs: number): number {
  if (per === 'total') return Number.POSITIVE_INFINITY;
  if (per !== 'month') return startMs + FIXED_MS[per];
  const date = new Date(startMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
