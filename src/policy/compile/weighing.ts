import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import type { SignalReader, Truth } from '../../contract/index.ts';
import { isFavourable } from './condition.ts';
import type { OpenTruth, Term, Weighing } from './condition.ts';
import type { EvaluateAt } from './evaluator.ts';
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
 */
export function evaluateWeighing(
  weighing: Weighing,
  operands: readonly EvaluateAt<Truth | number>[],
  unknownAs: boolean,
  trace: Trace | null,
): EvaluateAt {
  const { terms, test, sums } = weighing;

  function evaluateFrom(
    signals: SignalReader,
    isDeep: boolean,
    start: number,
    tally: Tally,
  ): MaybeAsync<OpenTruth> {
    for (let i = start; i < terms.length; i++) {
      const share = operands[i]!(signals, isDeep);
      if (isPromise(share)) {
        return share.then((settled) => {
          const whole = settledBy(tally, terms[i]!, settled);
          return whole === undefined ? evaluateFrom(signals, isDeep, i + 1, tally) : whole;
        });
      }
      const whole = settledBy(tally, terms[i]!, share);
      if (whole !== undefined) return whole;
    }
    return undefined;
  }

  const settledBy = (tally: Tally, term: Term, share: OpenTruth | number): OpenTruth => {
    if (share === undefined) return undefined;
    count(tally, term, share === null ? null : Number(share), unknownAs);
    if (trace !== null) trace.amount = amountOf(tally);
    const { worst, best, assumed } = tally;
    if (test(unknownAs ? assumed : worst)) return test(worst) ? true : null;
    if (!test(unknownAs ? best : assumed)) return test(best) ? null : false;
    return undefined;
  };
  return (signals, isDeep) => evaluateFrom(signals, isDeep, 0, open(terms, sums, unknownAs));
}

function open(terms: readonly Term[], sums: number, unknownAs: boolean): Tally {
  const worst = Array.from({ length: sums }, () => 0);
  const best = Array.from({ length: sums }, () => 0);
  for (const term of terms) {
    if (isFavourable(term)) best[term.sum]! += term.weight;
    else worst[term.sum]! += term.weight;
  }
  return { worst, best, assumed: [...(unknownAs ? worst : best)] };
}

/** Without a share, the term is unknown. */
function count(tally: Tally, term: Term, share: number | null, unknownAs: boolean): void {
  const { weight, sum } = term;
  const favourable = isFavourable(term) ? 1 : 0;
  const start = unknownAs ? 1 - favourable : favourable;
  if (share === null) {
    tally.assumed[sum]! += weight * (1 - 2 * start);
    return;
  }
  const amount = Math.round(weight * share);
  tally.worst[sum]! += amount - weight * (1 - favourable);
  tally.best[sum]! += amount - weight * favourable;
  tally.assumed[sum]! += amount - weight * start;
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
