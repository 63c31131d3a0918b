import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import type { Reading, SignalReader, Truth } from '../../contract/index.ts';
import { hasDeepLeaf, negate } from './condition.ts';
import type { Condition, OpenTruth } from './condition.ts';

export type Evaluate = (signals: SignalReader) => MaybeAsync<Truth>;

/** `isDeep`: whether a doubtful reading is settled by its deep slot, or leaves the condition open. */
type EvaluateAt = (signals: SignalReader, isDeep: boolean) => MaybeAsync<OpenTruth>;

/**
 * Turns a condition into a closure that reads signals only while the outcome depends on them.
 * `unknownAs` is what the caller makes of an unknown result (constraints: true, routes: false); an
 * unknown child that has settled the outcome by that reading ends the evaluation too. Values are
 * taken without waiting; only a promise is waited for. Fast readings are tried first, all of them:
 * deep ones are read when a doubtful reading still leaves the outcome open then.
 */
export function compileEvaluator(condition: Condition, unknownAs: boolean): Evaluate {
  const evaluate = compileNode(condition, unknownAs);
  if (!hasDeepLeaf(condition)) return (signals) => evaluate(signals, false) as MaybeAsync<Truth>;
  return (signals) => {
    const truth = evaluate(signals, false);
    if (isPromise(truth)) {
      return truth.then((settled) => (settled === undefined ? settle(signals) : settled));
    }
    return truth === undefined ? settle(signals) : truth;
  };

  function settle(signals: SignalReader): MaybeAsync<Truth> {
    return evaluate(signals, true) as MaybeAsync<Truth>;
  }
}

function compileNode(condition: Condition, unknownAs: boolean): EvaluateAt {
  if (condition.kind === 'leaf') return compileLeaf(condition);
  if (condition.kind === 'not') {
    const evaluate = compileNode(condition.child, !unknownAs);
    return (signals, isDeep) => {
      const truth = evaluate(signals, isDeep);
      return isPromise(truth) ? truth.then(negate) : negate(truth);
    };
  }
  const children = condition.children.map((child) => compileNode(child, unknownAs));
  return compileJunction(children, condition.kind === 'any', unknownAs);
}

function compileLeaf(leaf: Condition & { readonly kind: 'leaf' }): EvaluateAt {
  const { slot, judge, deep } = leaf;
  if (deep === null) {
    return (signals) => {
      const reading = signals.read(slot);
      return isPromise(reading) ? reading.then(judge) : judge(reading);
    };
  }
  const judgeAt = (
    reading: Reading,
    signals: SignalReader,
    isDeep: boolean,
  ): MaybeAsync<OpenTruth> => {
    if (!deep.isDoubtful(reading)) return judge(reading);
    if (!isDeep) return undefined;
    const surer = signals.read(deep.slot);
    return isPromise(surer)
      ? surer.then((settled) => judge(surest(reading, settled)))
      : judge(surest(reading, surer));
  };
  return (signals, isDeep) => {
    const reading = signals.read(slot);
    return isPromise(reading)
      ? reading.then((settled) => judgeAt(settled, signals, isDeep))
      : judgeAt(reading, signals, isDeep);
  };
}

/** The deep reading, unless it failed. */
export function surest(fast: Reading, deep: Reading): Reading {
  return deep.value === null ? fast : deep;
}

/** `decisive` is the truth of one child that settles the whole: false for `all`, true for `any`. */
function compileJunction(
  children: readonly EvaluateAt[],
  decisive: boolean,
  unknownAs: boolean,
): EvaluateAt {
  if (children.length === 1) return children[0]!;
  const unknownDecides = unknownAs === decisive;

  /** `rest` is what the children before `start` make of the whole if no later one settles it. */
  function evaluateFrom(
    signals: SignalReader,
    isDeep: boolean,
    start: number,
    rest: OpenTruth,
  ): MaybeAsync<OpenTruth> {
    let whole = rest;
    for (let i = start; i < children.length; i++) {
      const truth = children[i]!(signals, isDeep);
      if (isPromise(truth)) {
        const before = whole;
        return truth.then((settled) =>
          isSettledBy(settled)
            ? settled
            : evaluateFrom(signals, isDeep, i + 1, joined(before, settled)),
        );
      }
      if (isSettledBy(truth)) return truth;
      whole = joined(whole, truth);
    }
    return whole;
  }

  const isSettledBy = (truth: OpenTruth): boolean =>
    truth === decisive || (truth === null && unknownDecides);
  return (signals, isDeep) => evaluateFrom(signals, isDeep, 0, !decisive);
}

/** Of children that settle nothing: what is open outweighs what is unknown. */
export function joined(whole: OpenTruth, child: OpenTruth): OpenTruth {
  if (whole === undefined || child === undefined) return undefined;
  return child === null ? null : whole;
}
