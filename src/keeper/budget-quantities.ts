import type { BudgetQuantity } from '../contract/index.ts';
import type { Sums } from './amounts.ts';

/** What a budget may limit: its name outside, the member that holds it inside, and how many of those make one. */
export const QUANTITIES: readonly {
  readonly name: BudgetQuantity;
  readonly member: keyof Sums;
  readonly perUnit: number;
}[] = [
  { name: 'tokens', member: 'tokens', perUnit: 1 },
  { name: 'usd', member: 'picoUsd', perUnit: 1e12 },
  { name: 'joules', member: 'microjoules', perUnit: 1e6 },
];
