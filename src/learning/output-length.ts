import type { LengthHistogram, Learner, Outcome, RunningEstimate } from '../contract/index.ts';
import { lengthKey, routeLengthKey } from '../contract/index.ts';
import { observe, observeLength } from '../estimate/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { CAPACITIES } from './capacities.ts';

const HALF_LIFE = 64;
/** A quantile near 1 rests on few of the answers: it needs more of them than a mean. */
const HISTOGRAM_HALF_LIFE = 512;

/**
 * Learns how long answers are, by model and archetype and by the two fallbacks: their mean, and their
 * distribution, the latter by route too.
 */
export function createOutputLengthLearner(): Learner {
  return {
    apiVersion: 1,
    name: 'output-length',
    learn(beliefs, outcomes) {
      const lengths = new BoundedMap(beliefs.outputTokens, CAPACITIES.outputTokens);
      const histograms = new BoundedMap(beliefs.answerLengths, CAPACITIES.answerLengths);
      for (const outcome of outcomes) {
        const { model, archetype, route } = outcome;
        if (model === null || !isWholeAnswer(outcome)) continue;
        learnLength(lengths, lengthKey(model, archetype), outcome);
        learnLength(lengths, lengthKey('*', archetype), outcome);
        learnLength(lengths, '*|*', outcome);
        learnDistribution(histograms, routeLengthKey(model, archetype, route), outcome);
        learnDistribution(histograms, lengthKey(model, archetype), outcome);
        learnDistribution(histograms, lengthKey('*', archetype), outcome);
        learnDistribution(histograms, '*|*', outcome);
      }
      const outputTokens = lengths.result();
      const answerLengths = histograms.result();
      const isSame =
        outputTokens === beliefs.outputTokens && answerLengths === beliefs.answerLengths;
      return isSame ? beliefs : { ...beliefs, outputTokens, answerLengths };
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

function learnDistribution(
  histograms: BoundedMap<string, LengthHistogram>,
  key: string,
  { finishReason, usage: { outputTokens } }: Outcome,
): void {
  const observed = { tokens: outputTokens, isCut: finishReason === 'length' };
  histograms.set(key, observeLength(histograms.get(key) ?? null, observed, HISTOGRAM_HALF_LIFE));
}
