import type { BudgetPeriod, BudgetRule } from '../contract/index.ts';
import { dayAfter, localDate, startOfDate } from './local-date.ts';

/** A period and where its days begin. Minutes and hours are those of UTC in every zone. */
export type Period = Pick<BudgetRule, 'per' | 'timeZone'>;

const MINUTE_MS = 60_000;
const FIXED_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 1_440 * MINUTE_MS };

/** When the period that holds `atMs` began; `total` began at 0. */
export function periodStartMs({ per, timeZone = 'UTC' }: Period, atMs: number): number {
  if (per === 'total') return 0;
  if (per === 'month' || (per === 'day' && timeZone !== 'UTC')) {
    return zonedPeriod(per, timeZone, atMs).startMs;
  }
  return atMs - (atMs % FIXED_MS[per]);
}

/** When the period that began at `startMs` ends; `total` never does. */
export function periodEndMs({ per, timeZone = 'UTC' }: Period, startMs: number): number {
  if (per === 'total') return Number.POSITIVE_INFINITY;
  if (per === 'month' || (per === 'day' && timeZone !== 'UTC')) {
    return zonedPeriod(per, timeZone, startMs).endMs;
  }
  return startMs + FIXED_MS[per];
}

/** Periods of two rules with the same key begin and end together. */
export const periodKey = ({ per, timeZone = 'UTC' }: Period): string => `${per} ${timeZone}`;

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** The span that was asked for last, by period and zone: it is asked for again and again. */
const spans = new Map<string, Span>();

function zonedPeriod(per: BudgetPeriod, timeZone: string, atMs: number): Span {
  const key = `${per} ${timeZone}`;
  const known = spans.get(key);
  if (known !== undefined && known.startMs <= atMs && atMs < known.endMs) return known;
  const span = per === 'month' ? monthAt(timeZone, atMs) : dayAt(timeZone, atMs);
  spans.set(key, span);
  return span;
}

function dayAt(timeZone: string, atMs: number): Span {
  let date = localDate(timeZone, atMs);
  let startMs = startOfDate(timeZone, date);
  // A clock that is set back over midnight shows a date again: the day that has begun stays begun.
  for (;;) {
    date = dayAfter(date);
    const endMs = startOfDate(timeZone, date);
    if (atMs < endMs) return { startMs, endMs };
    startMs = endMs;
  }
}

function monthAt(timeZone: string, atMs: number): Span {
  const { year, month } = localDate(timeZone, atMs);
  const startOf = (months: number): number => {
    const first = new Date(Date.UTC(year, month - 1 + months, 1));
    const date = { year: first.getUTCFullYear(), month: first.getUTCMonth() + 1, day: 1 };
    return startOfDate(timeZone, date);
  };
  const [startMs, endMs] = [startOf(0), startOf(1)];
  return atMs < endMs ? { startMs, endMs } : { startMs: endMs, endMs: startOf(2) };
}
