import type { Amounts, ReserveRequest } from '../contract/index.ts';

/** Amounts that outgrow 2^53. */
export interface Sums {
  readonly tokens: bigint;
  readonly picoUsd: bigint;
  readonly microjoules: bigint;
}

export const ZERO: Sums = { tokens: 0n, picoUsd: 0n, microjoules: 0n };

export const sumsOf = (amounts: Amounts): Sums => ({
  tokens: BigInt(amounts.tokens),
  picoUsd: BigInt(amounts.picoUsd),
  microjoules: BigInt(amounts.microjoules),
});

export const add = (a: Sums, b: Sums): Sums => ({
  tokens: a.tokens + b.tokens,
  picoUsd: a.picoUsd + b.picoUsd,
  microjoules: a.microjoules + b.microjoules,
});

export const subtract = (a: Sums, b: Sums): Sums => ({
  tokens: a.tokens - b.tokens,
  picoUsd: a.picoUsd - b.picoUsd,
  microjoules: a.microjoules - b.microjoules,
});

export const smaller = (a: Sums, b: Sums): Sums => ({
  tokens: a.tokens < b.tokens ? a.tokens : b.tokens,
  picoUsd: a.picoUsd < b.picoUsd ? a.picoUsd : b.picoUsd,
  microjoules: a.microjoules < b.microjoules ? a.microjoules : b.microjoules,
});

export const isZero = (a: Sums): boolean =>
  a.tokens === 0n && a.picoUsd === 0n && a.microjoules === 0n;

/**
 * What must be held at an output ceiling: `fixed + perOutputToken × ceiling`. Past 2^53 it stands at
 * 2^53 − 1, so that worker and keeper, who both compute it, find the same integer.
 */
export function needAt(
  request: Pick<ReserveRequest, 'fixed' | 'perOutputToken'>,
  ceilingTokens: number,
): Amounts {
  const { fixed, perOutputToken: per } = request;
  return {
    tokens: bound(fixed.tokens + per.tokens * ceilingTokens),
    picoUsd: bound(fixed.picoUsd + per.picoUsd * ceilingTokens),
    microjoules: bound(fixed.microjoules + per.microjoules * ceilingTokens),
  };
}

const bound = (amount: number): number => Math.min(amount, Number.MAX_SAFE_INTEGER);
