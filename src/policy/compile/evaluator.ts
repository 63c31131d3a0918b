import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import type { SignalReader, Truth } from '../../contract/index.ts';
import { negate } from './condition.ts';
import type { Condition } from './condition.ts';

export type Evaluate = (signals: SignalReader) => MaybeAsync<Truth>;

/**
 * Turns a condition into a closure that reads signals only while the outcome depends on them.
 * `unknownAs` is what the caller makes of an unknown result (constraints: true, routes: false); an
 * unknown child that has settled the outcome by that reading ends the evaluation too. Values are
 * taken without waiting; only a promise is waited for.
 */
export function compileEvaluator(condition: Condition, unknownAs: boolean): Evaluate {
  if (condition.kind === 'leaf') {
    const { slot, judge } = condition;
    return (signals) => {
      const reading = signals.read(slot);
      return isPromise(reading) ? reading.then(judge) : judge(reading);
    };
  }
  if (condition.kind === 'not') {
    const evaluate = compileEvaluator(condition.child, !unknownAs);
    return (signals) => {
      const truth = evaluate(signals);
      return isPromise(truth) ? truth.then(negate) : negate(truth);
    };
  }
  const children = condition.children.map((child) => compileEvaluator(child, unknownAs));
  return compileJunction(children, condition.kind === 'any', unknownAs);
}

/** `decisive` is the truth of one child that settles the whole: false for `all`, true for `any`. */
function compileJunction(
  children: readonly Evaluate[],
  decisive: boolean,
  unknownAs: boolean,
): Evaluate {
  if (children.length === 1) return children[0]!;
  const unknownDecides = unknownAs === decisive;

  function evaluateFrom(
    signals: SignalReader,
    start: number,
    sawUnknown: boolean,
  ): MaybeAsync<Truth> {
    let isUnknown = sawUnknown;
    for (let i = start; i < children.length; i++) {
      const truth = children[i]!(signals);
      if (isPromise(truth)) {
        const before = isUnknown;
        return truth.then((settled) =>
          isSettledBy(settled) ? settled : evaluateFrom(signals, i + 1, before || settled === null),
        );
      }
      if (isSettledBy(truth)) return truth;
      if (truth === null) isUnknown = true;
    }
    return isUnknown ? null : !decisive;
  }

  const isSettledBy = (truth: Truth): boolean =>
    truth === decisive || (truth === null && unknownDecides);
  return (signals) => evaluateFrom(signals, 0, false);
}
