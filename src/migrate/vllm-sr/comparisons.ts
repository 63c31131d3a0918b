import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeNumber } from '../foreign/take.ts';
import type { Comparison } from './signal-meaning.ts';

const OPERATORS = { gt: 'above', gte: 'atLeast', lt: 'below', lte: 'atMost' } as const;

/** The predicates `gt`, `gte`, `lt`, `lte` of a node; null where it has none. */
export function takeComparison(node: ForeignNode | null): Comparison | null {
  const found: Record<string, number> = {};
  for (const [key, operator] of Object.entries(OPERATORS)) {
    const value = takeNumber(node?.at(key) ?? null);
    if (value !== null) found[operator] = value;
  }
  return Object.keys(found).length === 0 ? null : found;
}

/** Whether no number passes it. */
export function isImpossible(comparison: Comparison | null): boolean {
  const {
    atLeast = -Infinity,
    above = -Infinity,
    atMost = Infinity,
    below = Infinity,
  } = comparison ?? {};
  const low = Math.max(atLeast, above);
  const high = Math.min(atMost, below);
  return low > high || (low === high && (above === low || below === high));
}

/** Whether it says no more than "at least one". */
export function isExistence(comparison: Comparison | null): boolean {
  if (comparison === null) return true;
  const entries = Object.entries(comparison);
  const [operator, bound] = entries[0]!;
  return (
    entries.length === 1 &&
    ((operator === 'atLeast' && bound > 0 && bound <= 1) ||
      (operator === 'above' && bound >= 0 && bound < 1))
  );
}
