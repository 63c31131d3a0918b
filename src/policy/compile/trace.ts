import type { RuleNode } from '../../contract/index.ts';
import { operandsOf } from './condition.ts';
import type { Condition, Measure, OpenTruth } from './condition.ts';

/** What an evaluation made of a condition, node by node. */
export interface Trace {
  readonly operand: Condition | Measure;
  readonly children: readonly Trace[];
  isReached: boolean;
  /** Undefined where it was reached and left open. */
  truth: OpenTruth;
  /** What a score or a measure came to, as it is shown; null where it came to nothing. */
  amount: (() => string) | null;
  /** Of the outermost: whether doubts had to be settled. */
  isDeep: boolean;
}

export function traceOf(operand: Condition | Measure): Trace {
  const children = operandsOf(operand).map(traceOf);
  return { operand, children, isReached: false, truth: undefined, amount: null, isDeep: false };
}

/** Forgets an evaluation that left the condition open, since it is evaluated anew. */
export function resetTrace(trace: Trace): void {
  trace.isReached = false;
  trace.truth = undefined;
  trace.amount = null;
  for (const child of trace.children) resetTrace(child);
}

/** A node that was never reached has no value; one that was left open has a doubtful one. */
export function nodeOf(trace: Trace): RuleNode {
  const { operand, isReached, truth, amount } = trace;
  const text = `${textOf(operand)}${amount?.() ?? ''}`;
  const children = trace.children.map(nodeOf);
  const isOpen = isReached && truth === undefined;
  return {
    text,
    value: isOpen ? null : truth,
    ...(isOpen && { isDoubtful: true }),
    ...slotsOf(operand),
    children,
  };
}

function slotsOf(operand: Condition | Measure): Pick<RuleNode, 'slot' | 'surerSlot'> {
  if (operand.kind !== 'leaf' && operand.kind !== 'measure') return {};
  const { slot, deep } = operand;
  return deep === null ? { slot } : { slot, surerSlot: deep.slot };
}

function textOf(operand: Condition | Measure): string {
  switch (operand.kind) {
    case 'leaf':
    case 'measure':
    case 'labelled':
    case 'weighing':
      return operand.text;
    case 'atLeast':
      return `at least ${operand.need} of ${operand.children.length}`;
    case 'assumption':
      return `unknown counts as ${operand.unknownAs ? 'match' : 'no match'}`;
    default:
      return operand.kind;
  }
}
