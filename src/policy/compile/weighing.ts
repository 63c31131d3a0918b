import type { Truth } from '../../contract/index.ts';
import { isFavourable } from './condition.ts';
import type { OpenTruth, Readings, Term, Weighing } from './condition.ts';
import type { Evaluator, Search } from './evaluator.ts';
import type { Trace } from './trace.ts';

/** Weights are counted in billionths, so that sums are exact. */
export const UNITS = 1e9;

/** The sums as far as they are known: each lies between its `worst` and its `best` for the test. */
interface Tally {
  readonly worst: number[];
  readonly best: number[];
  /** `best` or `worst`, with each unknown term as the caller counts it. */
  readonly assumed: number[];
}

/**
 * Adds terms up until the sums, in every case that is left, pass the test or fail it. A term that is
 * unknown stays an interval; it is counted as the caller counts unknown when that settles the outcome.
 * What is read next is that of the first open term, and of those behind it that mostly are needed.
 */
export function compileWeighing(
  weighing: Weighing,
  operands: readonly Evaluator<Truth | number>[],
  unknownAs: boolean,
  trace: Trace | null,
): Evaluator {
  const { terms, test, threshold, ahead } = weighing;
  const opening = open(weighing, unknownAs);
  const judges = operands.map(({ judge }) => judge);

  function judge(readings: Readings): OpenTruth {
    const tally: Tally = {
      worst: [...opening.worst],
      best: [...opening.best],
      assumed: [...opening.assumed],
    };
    const { worst, best, assumed } = tally;
    if (trace !== null) trace.amount = () => amountOf(tally);
    for (let i = 0; i < terms.length; i++) {
      const share = judges[i]!(readings);
      if (share === undefined) continue;
      count(tally, terms[i]!, share, unknownAs);
      if (test(unknownAs ? assumed : worst)) return test(worst) ? true : null;
      if (!test(unknownAs ? best : assumed)) return test(best) ? null : false;
    }
    return undefined;
  }

  function search(readings: Readings, into: Search): void {
    let last = terms.length - 1;
    let isFirst = true;
    for (let i = 0; i <= last; i++) {
      if (judges[i]!(readings) !== undefined) continue;
      const before = into.slots.length;
      operands[i]!.search(readings, into);
      if (!isFirst || into.slots.length === before) continue;
      last = (into.isDeep ? ahead?.deep : ahead?.fast)?.[i] ?? i;
      isFirst = false;
    }
  }

  if (threshold === undefined || trace !== null) return { judge, search };
  return { judge: judgeSum(terms, { judges, threshold, unknownAs, opening }), search };
}

interface Sum {
  readonly judges: readonly ((readings: Readings) => Truth | number | undefined)[];
  readonly threshold: number;
  readonly unknownAs: boolean;
  readonly opening: Tally;
}

/** The same for one sum that is compared with a number: the tally is numbers in place. */
function judgeSum(terms: readonly Term[], sum: Sum): Evaluator['judge'] {
  const { judges, threshold, unknownAs, opening } = sum;
  const weights = terms.map(({ weight }) => weight);
  const [worstAtFirst, bestAtFirst] = [opening.worst[0]!, opening.best[0]!];
  return (readings) => {
    let worst = worstAtFirst;
    let best = bestAtFirst;
    /** What the unknown terms would move the sum by. */
    let unknown = 0;
    for (let i = 0; i < weights.length; i++) {
      const share = judges[i]!(readings);
      const weight = weights[i]!;
      if (share === true) {
        if (weight > 0) worst += weight;
        else best += weight;
      } else if (share === false) {
        if (weight > 0) best -= weight;
        else worst -= weight;
      } else if (share === null) {
        unknown += Math.abs(weight);
      } else if (share === undefined) {
        continue;
      } else {
        const amount = Math.round(weight * share);
        worst += weight > 0 ? amount : amount - weight;
        best += weight > 0 ? amount - weight : amount;
      }
      if (worst + (unknownAs ? unknown : 0) >= threshold) return worst >= threshold ? true : null;
      if (best - (unknownAs ? 0 : unknown) < threshold) return best >= threshold ? null : false;
    }
    return undefined;
  };
}

function open({ terms, sums }: Weighing, unknownAs: boolean): Tally {
  const worst = Array.from({ length: sums }, () => 0);
  const best = Array.from({ length: sums }, () => 0);
  for (const term of terms) {
    if (isFavourable(term)) best[term.sum]! += term.weight;
    else worst[term.sum]! += term.weight;
  }
  return { worst, best, assumed: [...(unknownAs ? worst : best)] };
}

/** Null: the term is unknown. */
function count(tally: Tally, term: Term, share: Truth | number, unknownAs: boolean): void {
  const { weight, sum } = term;
  const favourable = isFavourable(term) ? 1 : 0;
  const start = unknownAs ? 1 - favourable : favourable;
  if (share === null) {
    tally.assumed[sum]! += weight * (1 - 2 * start);
    return;
  }
  const amount = amountIn(weight, share);
  tally.worst[sum]! += amount - weight * (1 - favourable);
  tally.best[sum]! += amount - weight * favourable;
  tally.assumed[sum]! += amount - weight * start;
}

function amountIn(weight: number, share: number | boolean): number {
  if (typeof share === 'number') return Math.round(weight * share);
  return share ? weight : 0;
}

/** For example ` (0.7)`, or ` (0.2 to 0.7)` where terms were unknown or not needed. */
function amountOf({ worst, best }: Tally): string {
  const texts = worst.map((amount, i) => {
    const [low, high] = [amount, best[i]!].sort((a, b) => a - b).map((units) => shown(units));
    return low === high ? low : `${low} to ${high}`;
  });
  return ` (${texts.join(', ')})`;
}

const shown = (units: number): string => String(Number((units / UNITS).toFixed(3)));
