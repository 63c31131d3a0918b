import type { Claim, FlagQuantity, Interval, NumberQuantity } from '../contract/index.ts';
import type { Comparison } from './comparison.ts';

export const NOT_NEGATIVE: Interval = {
  low: 0,
  high: Number.POSITIVE_INFINITY,
  isLowOpen: false,
  isHighOpen: true,
};

/** A calibrated probability: a model is never certain. */
export const PROBABILITY: Interval = { low: 0, high: 1, isLowOpen: true, isHighOpen: true };

/** From `low` to `high`, both included. */
export const from = (low: number, high: number): Interval => ({
  low,
  high,
  isLowOpen: false,
  isHighOpen: false,
});

/** A number that counts something. */
export const countOf = (name: string, member?: string): NumberQuantity => ({
  kind: 'number',
  name,
  range: NOT_NEGATIVE,
  isInteger: true,
  ...(member !== undefined && { member }),
});

export const passes = (of: NumberQuantity, { interval }: Pick<Comparison, 'interval'>): Claim => ({
  kind: 'within',
  of,
  intervals: [interval],
});

export const holds = (name: string, more: Omit<FlagQuantity, 'kind' | 'name'> = {}): Claim => ({
  kind: 'holds',
  of: { kind: 'flag', name, ...more },
});

export const anyOf = (claims: readonly Claim[]): Claim =>
  claims.length === 1 ? claims[0]! : { kind: 'any', of: claims };

export const allOf = (claims: readonly Claim[]): Claim =>
  claims.length === 1 ? claims[0]! : { kind: 'all', of: claims };

export const not = (of: Claim): Claim => ({ kind: 'not', of });
