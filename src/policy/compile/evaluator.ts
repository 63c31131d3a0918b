import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import type { Reading, SignalReader, Truth } from '../../contract/index.ts';
import { hasDeepLeaf, isFavourable, negate } from './condition.ts';
import type { Condition, Leaf, Measure, OpenTruth, Weighing } from './condition.ts';
import { resetTrace } from './trace.ts';
import type { Trace } from './trace.ts';
import { evaluateWeighing } from './weighing.ts';

export type Evaluate = (signals: SignalReader) => MaybeAsync<Truth>;

/** `isDeep`: whether a doubtful reading is settled by its deep slot, or leaves the condition open. */
export type EvaluateAt<T = Truth> = (
  signals: SignalReader,
  isDeep: boolean,
) => MaybeAsync<T | undefined>;

/**
 * Turns a condition into a closure that reads signals only while the outcome depends on them.
 * `unknownAs` is what the caller makes of an unknown result (constraints: true, routes: false); an
 * unknown child that has settled the outcome by that reading ends the evaluation too. Values are
 * taken without waiting; only a promise is waited for. Fast readings are tried first, all of them:
 * deep ones are read when a doubtful reading still leaves the outcome open then.
 * A trace of the condition is filled in by an evaluation that waits for nothing.
 */
export function compileEvaluator(
  condition: Condition,
  unknownAs: boolean,
  trace: Trace | null = null,
): Evaluate {
  const evaluate = compileNode(condition, unknownAs, trace);
  if (!hasDeepLeaf(condition)) return (signals) => evaluate(signals, false) as MaybeAsync<Truth>;
  return (signals) => {
    const truth = evaluate(signals, false);
    if (isPromise(truth)) {
      return truth.then((settled) => (settled === undefined ? settle(signals) : settled));
    }
    return truth === undefined ? settle(signals) : truth;
  };

  function settle(signals: SignalReader): MaybeAsync<Truth> {
    if (trace !== null) resetTrace(trace);
    return evaluate(signals, true) as MaybeAsync<Truth>;
  }
}

function compileNode(condition: Condition, unknownAs: boolean, trace: Trace | null): EvaluateAt {
  const evaluate = compileKind(condition, unknownAs, trace);
  if (trace === null) return evaluate;
  return (signals, isDeep) => {
    const truth = evaluate(signals, isDeep);
    trace.isReached = true;
    trace.truth = truth as OpenTruth;
    return truth;
  };
}

function compileKind(condition: Condition, unknownAs: boolean, trace: Trace | null): EvaluateAt {
  switch (condition.kind) {
    case 'leaf':
      return compileReading(condition);
    case 'not': {
      const evaluate = compileNode(condition.child, !unknownAs, childOf(trace, 0));
      return (signals, isDeep) => {
        const truth = evaluate(signals, isDeep);
        return isPromise(truth) ? truth.then(negate) : negate(truth);
      };
    }
    case 'assumption': {
      const assumed = condition.unknownAs;
      const evaluate = compileNode(condition.child, assumed, childOf(trace, 0));
      const assume = (truth: OpenTruth): OpenTruth => (truth === null ? assumed : truth);
      return (signals, isDeep) => {
        const truth = evaluate(signals, isDeep);
        return isPromise(truth) ? truth.then(assume) : assume(truth);
      };
    }
    case 'labelled':
      return compileNode(condition.child, unknownAs, childOf(trace, 0));
    case 'weighing':
      return compileWeighing(condition, unknownAs, trace);
    default: {
      const children = condition.children.map((child, i) =>
        compileNode(child, unknownAs, childOf(trace, i)),
      );
      return compileJunction(children, condition.need, unknownAs);
    }
  }
}

const childOf = (trace: Trace | null, index: number): Trace | null =>
  trace?.children[index] ?? null;

/** A leaf's truth, or a measure's share. */
function compileReading(leaf: Leaf): EvaluateAt;
function compileReading(leaf: Measure): EvaluateAt<number | null>;
function compileReading(leaf: Leaf | Measure): EvaluateAt<Truth | number> {
  const { slot, judge, deep } = leaf;
  if (deep === null) {
    return (signals) => {
      const reading = signals.read(slot);
      return isPromise(reading) ? reading.then<Truth | number>(judge) : judge(reading);
    };
  }
  const judgeAt = (
    reading: Reading,
    signals: SignalReader,
    isDeep: boolean,
  ): MaybeAsync<Truth | number | undefined> => {
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
function surest(fast: Reading, deep: Reading): Reading {
  return deep.value === null ? fast : deep;
}

/** A term that truth makes less likely sees unknown the other way round. */
function compileWeighing(weighing: Weighing, unknownAs: boolean, trace: Trace | null): EvaluateAt {
  const operands = weighing.terms.map((term, i): EvaluateAt<Truth | number> => {
    const { operand } = term;
    const below = childOf(trace, i);
    if (operand.kind === 'measure') return compileMeasure(operand, below);
    return compileNode(operand, isFavourable(term) === unknownAs, below);
  });
  return evaluateWeighing(weighing, operands, unknownAs, trace);
}

function compileMeasure(measure: Measure, trace: Trace | null): EvaluateAt<number | null> {
  const evaluate = compileReading(measure);
  if (trace === null) return evaluate;
  return (signals, isDeep) => {
    const share = evaluate(signals, isDeep) as number | null | undefined;
    trace.isReached = true;
    trace.truth = typeof share === 'number' ? share > 0 : share;
    if (typeof share === 'number') trace.amount = ` (${Number(share.toFixed(3))})`;
    return share;
  };
}

/** How many children are what; those that are neither are open. */
interface Count {
  readonly trues: number;
  readonly falses: number;
  readonly unknowns: number;
}

const NOTHING: Count = { trues: 0, falses: 0, unknowns: 0 };

/** Settled as soon as `need` children are true, or so many are false that they can no longer be. */
function compileJunction(
  children: readonly EvaluateAt[],
  need: number,
  unknownAs: boolean,
): EvaluateAt {
  if (children.length === 1) return children[0]!;
  const spare = children.length - need;

  function evaluateFrom(
    signals: SignalReader,
    isDeep: boolean,
    start: number,
    before: Count,
  ): MaybeAsync<OpenTruth> {
    let { trues, falses, unknowns } = before;
    for (let i = start; i < children.length; i++) {
      const truth = children[i]!(signals, isDeep);
      if (isPromise(truth)) {
        const count = { trues, falses, unknowns };
        return truth.then((settled) => {
          const after = counted(count, settled);
          const whole = settledBy(after.trues, after.falses, after.unknowns);
          return whole === undefined ? evaluateFrom(signals, isDeep, i + 1, after) : whole;
        });
      }
      if (truth === true) trues++;
      else if (truth === false) falses++;
      else if (truth === null) unknowns++;
      const whole = settledBy(trues, falses, unknowns);
      if (whole !== undefined) return whole;
    }
    return undefined;
  }

  const settledBy = (trues: number, falses: number, unknowns: number): OpenTruth => {
    if (trues + (unknownAs ? unknowns : 0) >= need) return trues >= need ? true : null;
    if (falses + (unknownAs ? 0 : unknowns) > spare) return falses > spare ? false : null;
    return undefined;
  };
  return (signals, isDeep) => evaluateFrom(signals, isDeep, 0, NOTHING);
}

function counted({ trues, falses, unknowns }: Count, truth: OpenTruth): Count {
  if (truth === true) return { trues: trues + 1, falses, unknowns };
  if (truth === false) return { trues, falses: falses + 1, unknowns };
  return truth === null ? { trues, falses, unknowns: unknowns + 1 } : { trues, falses, unknowns };
}
