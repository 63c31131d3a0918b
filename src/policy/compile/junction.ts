import type { Junction, OpenTruth, Readings } from './condition.ts';
import type { Evaluator, Search } from './evaluator.ts';

/**
 * Settled as soon as `need` children are true, or so many are false that they can no longer be. What is
 * read next is that of the first open child, of those that are needed whatever it says, and of those
 * that mostly are.
 */
export function compileJunction(
  { need, ahead }: Pick<Junction, 'need' | 'ahead'>,
  children: readonly Evaluator[],
  unknownAs: boolean,
): Evaluator {
  if (children.length === 1) return children[0]!;
  const { length } = children;
  const spare = length - need;
  const judges = children.map(({ judge }) => judge);

  function judge(readings: Readings): OpenTruth {
    let trues = 0;
    let falses = 0;
    let unknowns = 0;
    for (let i = 0; i < length; i++) {
      const truth = judges[i]!(readings);
      if (truth === true) trues++;
      else if (truth === false) falses++;
      else if (truth === null) unknowns++;
      else continue;
      if (trues + (unknownAs ? unknowns : 0) >= need) return trues >= need ? true : null;
      if (falses + (unknownAs ? 0 : unknowns) > spare) return falses > spare ? false : null;
    }
    return undefined;
  }

  /** How many children it takes at least to settle what is open. */
  function missing(truths: readonly OpenTruth[]): number {
    const count = (wanted: Truth): number => truths.filter((truth) => truth === wanted).length;
    const [trues, falses, unknowns] = [count(true), count(false), count(null)];
    return Math.min(
      need - trues - (unknownAs ? unknowns : 0),
      spare + 1 - falses - (unknownAs ? 0 : unknowns),
    );
  }

  function search(readings: Readings, into: Search): void {
    const truths = judges.map((one) => one(readings));
    let certain = missing(truths);
    let last = length - 1;
    let isFirst = true;
    for (let i = 0; i < length; i++) {
      if (truths[i] !== undefined) continue;
      const before = into.slots.length;
      if (certain > 0 || i <= last) children[i]!.search(readings, into);
      if (into.slots.length === before) continue;
      if (isFirst) last = (into.isDeep ? ahead?.deep : ahead?.fast)?.[i] ?? i;
      isFirst = false;
      certain--;
    }
  }

  return { judge, search };
}

type Truth = Exclude<OpenTruth, undefined>;
