import type { RuleNode, SignalReader } from '../../contract/index.ts';
import type { Condition, Readings } from './condition.ts';
import { compileEvaluator } from './evaluator.ts';
import { nodeOf, traceOf } from './trace.ts';

/** Thrown where a replay comes to what the decision never read. */
const UNREAD = new Error('not read');

/**
 * Evaluates a condition again over what was read, and shows each node's value: a node that the
 * evaluation never reached has none. Where a reading is missing, the decision did not get that far.
 */
export function explainCondition(
  condition: Condition,
  readings: Readings,
  unknownAs: boolean,
): RuleNode {
  const trace = traceOf(condition);
  try {
    void compileEvaluator(condition, unknownAs, trace)(readerOf(readings));
  } catch (error) {
    if (error !== UNREAD) throw error;
  }
  return nodeOf(trace);
}

function readerOf(readings: Readings): SignalReader {
  return {
    read(slot) {
      const reading = readings[slot];
      if (reading === undefined) throw UNREAD;
      return reading;
    },
    readings: () => readings,
    share() {
      throw UNREAD;
    },
  };
}

/** The tree of a condition that was not evaluated. */
export const unreached = (condition: Condition): RuleNode => nodeOf(traceOf(condition));
