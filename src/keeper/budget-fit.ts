import type { Amounts, Refusal, ReserveRequest } from '../contract/index.ts';
import { fault } from '../kernel/index.ts';
import { needAt } from './amounts.ts';
import { mostOf, remainingOf } from './balance.ts';
import type { Applied, Remaining } from './balance.ts';

/** The part of a `ReserveRequest` that the keeper needs to see. */
export type Ask = Omit<ReserveRequest, 'decision'>;

const QUANTITIES = ['tokens', 'picoUsd', 'microjoules'] as const;
type Quantity = (typeof QUANTITIES)[number];

/** The largest ceiling up to the wanted one that every balance covers; null where not even the fixed part fits. */
export function largestCeiling(ask: Ask, applied: readonly Applied[]): number | null {
  let ceiling = ask.ceilingTokens;
  for (const { balance, rule } of applied) {
    const remaining = remainingOf(balance, rule.limits);
    for (const quantity of QUANTITIES) {
      const fits = ceilingWithin(ask, quantity, remaining[quantity]);
      if (fits === null) return null;
      ceiling = Math.min(ceiling, fits);
    }
  }
  return ceiling;
}

function ceilingWithin(ask: Ask, quantity: Quantity, remaining: bigint | null): number | null {
  if (remaining === null || BigInt(needAt(ask, ask.ceilingTokens)[quantity]) <= remaining) {
    return ask.ceilingTokens;
  }
  const left = Number(remaining) - ask.fixed[quantity];
  const per = ask.perOutputToken[quantity];
  if (left < 0 || per === 0) return null;
  const ceiling = Math.floor(left / per);
  // A quotient just below a whole number may round up to it.
  const isCovered = BigInt(needAt(ask, ceiling)[quantity]) <= remaining;
  return isCovered ? ceiling : ceiling - 1;
}

const UNITS: Readonly<Record<Quantity, (amount: number) => string>> = {
  tokens: (amount) => `${amount} tokens`,
  picoUsd: (amount) => `${Number((amount / 1e12).toPrecision(6))} USD`,
  microjoules: (amount) => `${Number((amount / 1e6).toPrecision(6))} joules`,
};

/** Says which budget does not cover the least that the request needs, what is left of it, and until when. */
export function exhausted(ask: Ask, applied: readonly Applied[], nowMs: number): Refusal {
  const least = needAt(ask, ask.ceilingTokensMin);
  for (const entry of applied) {
    const remaining = remainingOf(entry.balance, entry.rule.limits);
    const short = QUANTITIES.find((quantity) => isShort(remaining, least, quantity));
    if (short !== undefined) return refusalFor(entry, least, short, nowMs);
  }
  throw fault('BRS_INVARIANT', { invariant: 'a refused reservation lacks something' });
}

const isShort = (remaining: Remaining, least: Amounts, quantity: Quantity): boolean => {
  const left = remaining[quantity];
  return left !== null && left < BigInt(least[quantity]);
};

function refusalFor(entry: Applied, least: Amounts, short: Quantity, nowMs: number): Refusal {
  const { balance, rule, endMs } = entry;
  const unit = UNITS[short];
  const left = Math.max(0, Number(remainingOf(balance, rule.limits)[short] ?? 0n));
  const most = mostOf(balance, rule.limits)[short] ?? 0n;
  const reserved = Number(balance.leased[short]);
  const inFlight = reserved === 0 ? '' : ` (${unit(reserved)} are held by requests in flight)`;
  const until = Number.isFinite(endMs) ? `until ${new Date(endMs).toISOString()}` : 'for good';
  const detail = `this request needs at least ${unit(least[short])} and ${unit(left)} of ${unit(Number(most))} are left ${until}${inFlight}`;
  const scope = balance.scope === '' ? rule.id : balance.scope.replaceAll('&', ', ');
  const { code, message } = fault('BRS_BUDGET_EXHAUSTED', {
    budget: `${scope} per ${rule.per}`,
    detail,
  });
  const refusal: Refusal = { kind: 'refusal', reason: 'budget-exhausted', code, message };
  if (!Number.isFinite(endMs)) return refusal;
  return { ...refusal, retryAfterSeconds: Math.max(1, Math.ceil((endMs - nowMs) / 1000)) };
}
