import type { Verdict } from '../contract/index.ts';

/** What is learned from a batch does not depend on the order in which its verdicts arrived. */
export function verdictsInOrder(verdicts: readonly Verdict[]): readonly Verdict[] {
  return verdicts.toSorted((a, b) => a.atMs - b.atMs || compare(keyOf(a), keyOf(b)));
}

const keyOf = ({ decision, source, score }: Verdict): string => `${decision}|${source}|${score}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
