import type { RuleNode, SignalReader, SpentReading, Truth } from '../../contract/index.ts';
import type { Condition, Readings } from './condition.ts';
import { compileEvaluator } from './evaluator.ts';
import type { Evaluate } from './evaluator.ts';
import { nodeOf, traceOf } from './trace.ts';

/** Thrown where a replay comes to what the decision never read. */
const UNREAD = new Error('not read');

/**
 * Evaluates a condition again over what was read, and shows each node's value: a node that the
 * evaluation never reached has none. Where a reading is missing, the decision did not get that far.
 */
export function explainCondition(
  condition: Condition,
  unknownAs: boolean,
  replay: Replay,
): RuleNode {
  const trace = traceOf(condition);
  replay.evaluate(compileEvaluator(condition, unknownAs, trace));
  return nodeOf(trace);
}

/** A decision once more, over what it read: as it went on, so more and more is known. */
export class Replay {
  readonly #recorded: Readings;
  readonly #known: (SpentReading | undefined)[] = [];

  constructor(recorded: Readings) {
    this.#recorded = recorded;
  }

  /**
   * What the decision came to; undefined where it did not get to the end. What was begun while something
   * else was waited for was known sooner than in the replay: where that lacks a reading, all are known.
   */
  evaluate(evaluate: Evaluate): Truth | undefined {
    const truth = this.#over(this.#known, evaluate);
    return truth === undefined ? this.#over([...this.#recorded], evaluate) : truth;
  }

  #over(known: (SpentReading | undefined)[], evaluate: Evaluate): Truth | undefined {
    try {
      return evaluate(this.#readerOf(known)) as Truth;
    } catch (error) {
      if (error !== UNREAD) throw error;
      return undefined;
    }
  }

  #readerOf(known: (SpentReading | undefined)[]): SignalReader {
    return {
      read: (slot) => {
        const reading = this.#recorded[slot];
        if (reading === undefined) throw UNREAD;
        known[slot] = reading;
        return reading;
      },
      readings: () => known,
      share() {
        throw UNREAD;
      },
    };
  }
}

/** The tree of a condition that was not evaluated. */
export const unreached = (condition: Condition): RuleNode => nodeOf(traceOf(condition));
