import type { BudgetRule } from '../contract/index.ts';
import type { Sums } from './amounts.ts';
import { ZERO } from './amounts.ts';
import { mostOf } from './balance.ts';
import type { Balance } from './balance.ts';

/** Shares count in millionths: sums are whole numbers of any size. */
const PARTS = 1_000_000;

/**
 * What a balance leaves to the period after it: a share of what is neither settled nor held, and never
 * more than a share of the limit, so that it does not grow without end.
 */
export function carryFrom(balance: Balance, { carryOver, limits }: BudgetRule): Sums {
  if (carryOver === undefined) return ZERO;
  const most = mostOf(balance, limits);
  const carry = (quantity: keyof Sums): bigint => {
    const limit = limits[quantity];
    const may = most[quantity];
    if (limit === null || may === null) return 0n;
    const left = may - balance.settled[quantity] - balance.leased[quantity];
    if (left <= 0n) return 0n;
    const share = partOf(left, carryOver.shareRatio);
    const ceiling = partOf(BigInt(Math.floor(limit)), carryOver.maxRatio);
    return share < ceiling ? share : ceiling;
  };
  return { tokens: carry('tokens'), picoUsd: carry('picoUsd'), microjoules: carry('microjoules') };
}

const partOf = (amount: bigint, ratio: number): bigint =>
  (amount * BigInt(Math.round(ratio * PARTS))) / BigInt(PARTS);
