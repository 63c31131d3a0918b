import { maximise } from './simplex.ts';
import type { Row } from './simplex.ts';

/** A claim about the shares of exclusive classes, and whether it holds. */
export interface ShareLiteral {
  readonly labels: readonly string[];
  readonly atLeast: number;
  readonly isTrue: boolean;
}

/** A tie between classes has no room: every literal must hold with at least this to spare. */
const ROOM = 1e-7;

/**
 * Shares, each 0 or more and together at most 1, for which all literals hold; null where there are
 * none. A linear program: it maximises the room that every literal leaves.
 */
export function findShares(
  literals: readonly ShareLiteral[],
  below: number | undefined,
): Readonly<Record<string, number>> | null {
  const labels = [...new Set(literals.flatMap((literal) => literal.labels))];
  const room = labels.length;
  const rowOf = (wanted: readonly string[], sign: number, most: number, hasRoom: boolean): Row => ({
    coefficients: [...labels.map((label) => (wanted.includes(label) ? sign : 0)), Number(hasRoom)],
    most,
  });
  const rows: Row[] = [rowOf(labels, 1, 1, false), rowOf([], 1, 1, true)];
  if (below !== undefined)
    for (const label of labels) rows.push(rowOf([label], 1, below, below < 1));
  for (const { labels: wanted, atLeast, isTrue } of literals) {
    // Nothing is above 1: that must be met exactly.
    if (isTrue) rows.push(rowOf(wanted, -1, -atLeast, atLeast < 1));
    else rows.push(rowOf(wanted, 1, atLeast, true));
  }
  const found = maximise(rows, room + 1, room);
  if (found === null || found[room]! < ROOM) return null;
  return Object.fromEntries(labels.map((label, i) => [label, Math.max(0, found[i]!)]));
}
