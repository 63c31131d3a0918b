import type { Learner, Outcome, RunningEstimate } from '../contract/index.ts';
import { lengthKey } from '../contract/index.ts';
import { observe } from '../estimate/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { CAPACITIES } from './capacities.ts';

const HALF_LIFE = 64;

/** Learns how long answers are, by model and archetype and by the two fallbacks. */
export function createOutputLengthLearner(): Learner {
  return {
    apiVersion: 1,
    name: 'output-length',
    learn(beliefs, outcomes) {
      const lengths = new BoundedMap(beliefs.outputTokens, CAPACITIES.outputTokens);
      for (const outcome of outcomes) {
        const { model, archetype } = outcome;
        if (model === null || !isWholeAnswer(outcome)) continue;
        learnLength(lengths, lengthKey(model, archetype), outcome);
        learnLength(lengths, lengthKey('*', archetype), outcome);
        learnLength(lengths, '*|*', outcome);
      }
      const outputTokens = lengths.result();
      return outputTokens === beliefs.outputTokens ? beliefs : { ...beliefs, outputTokens };
    },
  };
}

function isWholeAnswer({ status, surface, usage }: Outcome): boolean {
  return status === 'ok' && surface !== 'embeddings' && usage.outputTokens > 0;
}

function learnLength(
  lengths: BoundedMap<string, RunningEstimate>,
  key: string,
  { finishReason, usage: { outputTokens } }: Outcome,
): void {
  const before = lengths.get(key) ?? null;
  // An answer that its ceiling cut would have been at least as long: below the mean it says nothing.
  if (finishReason === 'length' && outputTokens <= (before?.mean ?? Infinity)) return;
  const after = observe(before, outputTokens, HALF_LIFE);
  if (after !== null && after !== before) lengths.set(key, after);
}
