import { createHash } from 'node:crypto';
import type { BudgetRule, ReserveRequest } from '../contract/index.ts';

/** Whose requests a balance counts. */
export type Spender = Pick<ReserveRequest, 'tenant' | 'key' | 'user' | 'route'>;

/** One balance that applies to a spender: the rule, and the values that it tells apart. */
export interface ScopedRule {
  readonly rule: BudgetRule;
  /** `tenant=acme&user=zoe`; empty where the rule tells nobody apart. */
  readonly scope: string;
  /** `rule|scope`: the balance, whatever its period. */
  readonly key: string;
}

const PARTS = ['tenant', 'key', 'user', 'route'] as const;
/** A longer value stands in a scope as its hash: values of `user` come from clients. */
const VALUE_BYTES_MAX = 128;

/** The rules that apply to a spender. A request without a user counts as one more user, so that leaving it out escapes nothing. */
export function applicable(rules: readonly BudgetRule[], spender: Spender): ScopedRule[] {
  const found: ScopedRule[] = [];
  for (const rule of rules) {
    const scope = scopeOf(rule, spender);
    if (scope !== null) found.push({ rule, scope, key: `${ruleKey(rule)}|${scope}` });
  }
  return found;
}

function scopeOf({ scope }: BudgetRule, spender: Spender): string | null {
  let text = '';
  for (const part of PARTS) {
    const wanted = scope[part];
    if (wanted === null) continue;
    const value = spender[part] ?? '';
    if (wanted !== '*' && wanted !== value) return null;
    text += `${text === '' ? '' : '&'}${part}=${shortened(value)}`;
  }
  return text;
}

/** How the scope of a tenant's balances begins. */
export const tenantPart = (tenant: string): string => `tenant=${shortened(tenant)}`;

function shortened(value: string): string {
  const encoded = encodeURIComponent(value.toWellFormed());
  if (encoded.length <= VALUE_BYTES_MAX) return encoded;
  return `sha256:${createHash('sha256').update(value).digest('hex').slice(0, 32)}`;
}

/** Which parts of a spender any of the rules looks at: the others need no part in a look-up key. */
export function partsRead(rules: readonly BudgetRule[]): Record<(typeof PARTS)[number], boolean> {
  const reads = (part: (typeof PARTS)[number]): boolean =>
    rules.some((rule) => rule.scope[part] !== null);
  return { tenant: reads('tenant'), key: reads('key'), user: reads('user'), route: reads('route') };
}

export interface BalancePlace {
  /** The rule's id, encoded. */
  readonly rule: string;
  readonly scope: string;
  readonly startMs: number;
}

/** `rule|scope|periodStartMs`; the parts themselves hold no bar. */
export const balanceId = ({ rule, scope, startMs }: BalancePlace): string =>
  `${rule}|${scope}|${startMs}`;

/** No rule's encoded id begins with a plus. */
const CARRY = '+';

/** Where a store keeps what was carried over into a balance. */
export const carryId = (place: BalancePlace): string =>
  balanceId({ ...place, rule: `${CARRY}${place.rule}` });

/** The balance into which it was carried; null for an id of another kind. */
export function carriedInto(id: string): string | null {
  return id.startsWith(CARRY) ? id.slice(CARRY.length) : null;
}

export function parseBalanceId(id: string): BalancePlace | null {
  const [rule, scope, start, ...rest] = id.split('|');
  const startMs = Number(start);
  if (rule === undefined || scope === undefined || rest.length > 0) return null;
  return Number.isSafeInteger(startMs) ? { rule, scope, startMs } : null;
}

export const ruleKey = (rule: BudgetRule): string => encodeURIComponent(rule.id);
