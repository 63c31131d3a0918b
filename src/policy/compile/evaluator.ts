import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import type { Reading, SignalReader, SpentReading, Truth } from '../../contract/index.ts';
import { isFavourable } from './condition.ts';
import type { Condition, Leaf, Measure, OpenTruth, Readings, Weighing } from './condition.ts';
import { compileJunction } from './junction.ts';
import { resetTrace } from './trace.ts';
import type { Trace } from './trace.ts';
import { compileWeighing } from './weighing.ts';

export type Evaluate = (signals: SignalReader) => MaybeAsync<Truth>;

/** What a condition comes to by what was read; `search` asks an open one what to read. */
export interface Evaluator<T = Truth> {
  readonly judge: (readings: Readings) => T | undefined;
  /** Adds the slots to read next: the first is needed, those behind it are mostly needed too. */
  readonly search: (readings: Readings, search: Search) => void;
}

/** Collects what to read next. Where `isDeep`, the slots that settle doubts; else the others. */
export interface Search {
  readonly isDeep: boolean;
  readonly slots: number[];
}

/**
 * Turns a condition into a closure that reads signals only while the outcome depends on them: as long as
 * the condition is open by all that was read, for it or for others, it reads the first signal on which
 * it depends. `unknownAs` is what the caller makes of an unknown result (constraints: true, routes:
 * false); an unknown child that has settled the outcome by that reading ends the evaluation too. Values
 * are taken without waiting; while a promise is waited for, signals that are mostly needed too are begun.
 * Fast readings are tried first, all of them: deep ones are read when a doubtful reading still leaves
 * the outcome open then. A trace of the condition is filled in by an evaluation that waits for nothing.
 */
export function compileEvaluator(
  condition: Condition,
  unknownAs: boolean,
  trace: Trace | null = null,
): Evaluate {
  const evaluator = compileNode(condition, unknownAs, trace);

  /** Reads until the condition is settled, or until something is waited for. */
  function readOn(signals: SignalReader): MaybeAsync<Truth> {
    for (;;) {
      const slots = nextSlots(evaluator, signals.readings(), trace);
      const reading = signals.read(slots[0]!);
      if (isPromise(reading)) return waitFor(reading, slots, signals);
      const truth = judge(signals.readings());
      if (truth !== undefined) return truth;
    }
  }

  async function waitFor(
    reading: Promise<SpentReading>,
    slots: readonly number[],
    signals: SignalReader,
  ): Promise<Truth> {
    for (let i = 1; i < slots.length; i++) void signals.read(slots[i]!);
    await reading;
    const truth = judge(signals.readings());
    return truth === undefined ? readOn(signals) : truth;
  }

  function judge(readings: Readings): OpenTruth {
    if (trace !== null) resetTrace(trace);
    return evaluator.judge(readings);
  }

  return (signals) => {
    if (trace !== null) trace.isDeep = false;
    const truth = judge(signals.readings());
    return truth === undefined ? readOn(signals) : truth;
  };
}

/** Never empty: a condition is open only where something is unread. */
function nextSlots(
  evaluator: Evaluator,
  readings: Readings,
  trace: Trace | null,
): readonly number[] {
  const fast: Search = { isDeep: false, slots: [] };
  evaluator.search(readings, fast);
  if (fast.slots.length > 0) return fast.slots;
  const deep: Search = { isDeep: true, slots: [] };
  evaluator.search(readings, deep);
  if (trace !== null) trace.isDeep = true;
  return deep.slots;
}

function compileNode(condition: Condition, unknownAs: boolean, trace: Trace | null): Evaluator {
  const evaluator = compileKind(condition, unknownAs, trace);
  if (trace === null || condition.kind === 'leaf') return evaluator;
  return {
    judge(readings) {
      const truth = evaluator.judge(readings);
      trace.truth = truth;
      trace.isReached = truth !== undefined || trace.children.some(isDoubtful);
      return truth;
    },
    search: evaluator.search,
  };
}

const isDoubtful = ({ isReached, truth }: Trace): boolean => isReached && truth === undefined;

function compileKind(condition: Condition, unknownAs: boolean, trace: Trace | null): Evaluator {
  switch (condition.kind) {
    case 'leaf':
      return compileReading(condition, trace);
    case 'not': {
      const { judge, search } = compileNode(condition.child, !unknownAs, childOf(trace, 0));
      return {
        judge(readings) {
          const truth = judge(readings);
          if (truth === true) return false;
          return truth === false ? true : truth;
        },
        search,
      };
    }
    case 'assumption': {
      const assumed = condition.unknownAs;
      const { judge, search } = compileNode(condition.child, assumed, childOf(trace, 0));
      return {
        judge(readings) {
          const truth = judge(readings);
          return truth === null ? assumed : truth;
        },
        search,
      };
    }
    case 'labelled':
      return compileNode(condition.child, unknownAs, childOf(trace, 0));
    case 'weighing':
      return compileWeighing(condition, operandsOf(condition, unknownAs, trace), unknownAs, trace);
    default: {
      const children = condition.children.map((child, i) =>
        compileNode(child, unknownAs, childOf(trace, i)),
      );
      return compileJunction(condition, children, unknownAs);
    }
  }
}

const childOf = (trace: Trace | null, index: number): Trace | null =>
  trace?.children[index] ?? null;

/** A term that truth makes less likely sees unknown the other way round. */
function operandsOf(
  weighing: Weighing,
  unknownAs: boolean,
  trace: Trace | null,
): readonly Evaluator<Truth | number>[] {
  return weighing.terms.map((term, i): Evaluator<Truth | number> => {
    const { operand } = term;
    const below = childOf(trace, i);
    if (operand.kind === 'measure') return compileReading(operand, below);
    return compileNode(operand, isFavourable(term) === unknownAs, below);
  });
}

/** A leaf's truth, or a measure's share. */
function compileReading(leaf: Leaf, trace: Trace | null): Evaluator;
function compileReading(leaf: Measure, trace: Trace | null): Evaluator<number | null>;
function compileReading(leaf: Leaf | Measure, trace: Trace | null): Evaluator<Truth | number> {
  const { slot, judge, deep } = leaf;
  const judgeDoubtful = (readings: Readings): Truth | number | undefined => {
    const reading = readings[slot];
    if (reading === undefined) return undefined;
    if (deep === null || !deep.isDoubtful(reading)) return judge(reading);
    const surer = readings[deep.slot];
    return surer === undefined ? undefined : judge(surest(reading, surer));
  };
  const judgeSure = (readings: Readings): Truth | number | undefined => {
    const reading = readings[slot];
    return reading === undefined ? undefined : judge(reading);
  };
  const evaluate = deep === null ? judgeSure : judgeDoubtful;
  return {
    judge: trace === null ? evaluate : traced(evaluate, slot, trace),
    search(readings, { isDeep, slots }) {
      if (readings[slot] === undefined) {
        if (!isDeep) slots.push(slot);
      } else if (isDeep && deep !== null) {
        slots.push(deep.slot);
      }
    },
  };
}

function traced(
  evaluate: (readings: Readings) => Truth | number | undefined,
  slot: number,
  trace: Trace,
): (readings: Readings) => Truth | number | undefined {
  return (readings) => {
    const found = evaluate(readings);
    trace.isReached = readings[slot] !== undefined;
    trace.truth = typeof found === 'number' ? found > 0 : found;
    if (typeof found === 'number') trace.amount = () => ` (${Number(found.toFixed(3))})`;
    return found;
  };
}

/** The deep reading, unless it failed. */
function surest(fast: Reading, deep: Reading): Reading {
  return deep.value === null ? fast : deep;
}
