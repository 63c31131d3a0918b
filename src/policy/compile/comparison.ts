import { ConfigIssue } from '../../contract/index.ts';
import type { Interval } from '../../contract/index.ts';
import type { Members } from './named-parts.ts';

const SIGNS = { atLeast: '>=', above: '>', atMost: '<=', below: '<' } as const;
type Operator = keyof typeof SIGNS;

export const COMPARISON_KEYS: readonly string[] = [...Object.keys(SIGNS), 'equals'];

export const COMPARISON_SCHEMA: Readonly<Record<string, unknown>> = {
  type: 'object',
  properties: Object.fromEntries(COMPARISON_KEYS.map((key) => [key, { type: 'number' }])),
  additionalProperties: false,
  minProperties: 1,
};

/** One side of a comparison. */
export interface Bound {
  readonly operator: Operator;
  readonly value: number;
}

/** The bounds given, at least one; `equals` is two. Throws `ConfigIssue` where no number is within all. */
export function boundsOf(members: Members): readonly Bound[] {
  const bounds: Bound[] = [];
  for (const key of COMPARISON_KEYS) {
    const value = members[key];
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new ConfigIssue('must be a number', [key]);
    }
    if (key === 'equals')
      bounds.push({ operator: 'atLeast', value }, { operator: 'atMost', value });
    else bounds.push({ operator: key as Operator, value });
  }
  if (bounds.length === 0) {
    throw new ConfigIssue(`must have a comparison: one of ${COMPARISON_KEYS.join(', ')}`);
  }
  if (isEmpty(bounds)) throw new ConfigIssue('can never be true: the bounds exclude each other');
  return bounds;
}

export function isWithin(bounds: readonly Bound[], number: number): boolean {
  return bounds.every(({ operator, value }) => {
    if (operator === 'atLeast') return number >= value;
    if (operator === 'above') return number > value;
    return operator === 'atMost' ? number <= value : number < value;
  });
}

/** The numbers within all bounds. */
export function intervalOf(bounds: readonly Bound[]): Interval {
  const lows = bounds.filter(({ operator }) => operator === 'atLeast' || operator === 'above');
  const highs = bounds.filter((bound) => !lows.includes(bound));
  const low = Math.max(Number.NEGATIVE_INFINITY, ...lows.map(({ value }) => value));
  const high = Math.min(Number.POSITIVE_INFINITY, ...highs.map(({ value }) => value));
  const isOpen = (operator: Operator, end: number): boolean =>
    !Number.isFinite(end) ||
    bounds.some((bound) => bound.operator === operator && bound.value === end);
  return { low, high, isLowOpen: isOpen('above', low), isHighOpen: isOpen('below', high) };
}

/** If any number is within all bounds, one of these is: a bound, or the middle between two. */
function isEmpty(bounds: readonly Bound[]): boolean {
  const values = bounds.map((bound) => bound.value);
  const candidates = values.flatMap((a) => values.map((b) => (a + b) / 2));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return ![...candidates, least - 1, most + 1].some((number) => isWithin(bounds, number));
}

/** For example `>= 0.3 and < 0.7`. */
export function boundsText(bounds: readonly Bound[]): string {
  return bounds.map(({ operator, value }) => `${SIGNS[operator]} ${value}`).join(' and ');
}
