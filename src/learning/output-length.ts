import type { Learner, Outcome, RunningEstimate } from '../contract/index.ts';
import { lengthKey, routeLengthKey } from '../contract/index.ts';
import { observe, observeLengths } from '../estimate/index.ts';
import type { ObservedLength } from '../estimate/index.ts';
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
      const answers = new Map<string, ObservedLength[]>();
      for (const outcome of outcomes) {
        const { model, archetype, route } = outcome;
        if (model === null || !isWholeAnswer(outcome)) continue;
        learnLength(lengths, lengthKey(model, archetype), outcome);
        learnLength(lengths, lengthKey('*', archetype), outcome);
        learnLength(lengths, '*|*', outcome);
        const { finishReason, usage } = outcome;
        const answer = { tokens: usage.outputTokens, isCut: finishReason === 'length' };
        note(answers, routeLengthKey(model, archetype, route), answer);
        note(answers, lengthKey(model, archetype), answer);
        note(answers, lengthKey('*', archetype), answer);
        note(answers, '*|*', answer);
      }
      for (const [key, observed] of answers) {
        const before = histograms.get(key) ?? null;
        histograms.set(key, observeLengths(before, observed, HISTOGRAM_HALF_LIFE));
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

/** Noted anew, a key stands last: what others fall back on is written after them, and stays. */
function note(answers: Map<string, ObservedLength[]>, key: string, answer: ObservedLength): void {
  const noted = answers.get(key) ?? [];
  noted.push(answer);
  answers.delete(key);
  answers.set(key, noted);
}
