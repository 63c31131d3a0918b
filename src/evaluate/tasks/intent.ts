import type { Understanding } from '../../contract/index.ts';
import { createIntentIndex } from '../../encoder/index.ts';
import type { IntentAnswer, IntentExample, IntentIndex } from '../../encoder/index.ts';
import { EvaluationProblem } from '../evaluation.ts';
import type { EvaluationInput, Measured, Metrics, Speed } from '../evaluation.ts';
import { majorityShare } from '../majority.ts';
import { textOf } from '../records.ts';
import type { DataRecord } from '../records.ts';
import { accuracyOf, calibrationError, quantile } from '../statistics.ts';
import { openEncoder } from '../two-speeds.ts';
import type { SpeedyEncoder } from '../two-speeds.ts';
import { overlapOf, wordsOf } from '../word-overlap.ts';

/** The label of texts that have none of the intents. */
export const OUT_OF_SCOPE = 'oos';
/** The loss of in-scope texts at which the recall of the others is told. */
const IN_SCOPE_LOSS = 0.05;

interface Labelled {
  readonly text: string;
  readonly label: string;
}

/**
 * `{text, label}`, with the examples in `--support`: accuracy and calibration over the texts that have
 * an intent; and, where the label `oos` occurs, the share of those found when 5 % of the others are lost.
 */
export async function evaluateIntent(input: EvaluationInput): Promise<Measured> {
  const { records, support, stopwatch } = input;
  if (support === null) {
    throw new EvaluationProblem('intent needs --support FILE: examples as {"text", "label"} lines');
  }
  const examples = support.map(labelled).filter(({ label }) => label !== OUT_OF_SCOPE);
  const items = records.map(labelled);
  const classifier = await openIntents(examples, input.speed, input.understanding);
  const answers = await stopwatch.each(items, ({ text }) => classifier.classify(text));
  return {
    n: items.length,
    encoder: classifier.speed,
    metrics: {
      ...intentMetrics(items, answers),
      deepShare: classifier.deepCount() / items.length,
    },
    baselines: {
      majority: { accuracy: inScopeMajority(items) },
      wordOverlap: { accuracy: wordOverlapAccuracy(items, examples) },
    },
  };
}

const labelled = (record: DataRecord): Labelled => ({
  text: textOf(record, 'text'),
  label: textOf(record, 'label'),
});

/** Of answers about texts some of which may be out of scope. */
export function intentMetrics(
  items: readonly Labelled[],
  answers: readonly IntentAnswer[],
): Metrics {
  const inScope = [...items.keys()].filter((i) => items[i]!.label !== OUT_OF_SCOPE);
  const outside = [...items.keys()].filter((i) => items[i]!.label === OUT_OF_SCOPE);
  const isRight = inScope.map((i) => answers[i]!.label === items[i]!.label);
  const confidences = inScope.map((i) => answers[i]!.confidence);
  const metrics: Record<string, number | null> = {
    accuracy: inScope.length === 0 ? null : accuracyOf(isRight),
    ece: inScope.length === 0 ? null : calibrationError(confidences, isRight),
  };
  if (outside.length === 0) return metrics;
  const limit = quantile(
    inScope.map((i) => answers[i]!.inScope),
    IN_SCOPE_LOSS,
  );
  metrics['oosRecall'] =
    inScope.length === 0 ? null : accuracyOf(outside.map((i) => answers[i]!.inScope < limit));
  metrics['oosRecallShipped'] = accuracyOf(outside.map((i) => answers[i]!.isOutOfScope));
  metrics['inScopeLossShipped'] =
    inScope.length === 0 ? null : accuracyOf(inScope.map((i) => answers[i]!.isOutOfScope));
  return metrics;
}

interface IntentClassifier {
  readonly speed: Speed;
  classify(text: string): IntentAnswer | Promise<IntentAnswer>;
  deepCount(): number;
}

/** The fast index; the deep one, alone or where the fast one is in doubt. */
async function openIntents(
  examples: readonly Labelled[],
  wanted: Speed,
  understanding: Understanding,
): Promise<IntentClassifier> {
  const hasDeep = wanted === 'deep' || (wanted === 'auto' && understanding.deep() !== null);
  const deep = hasDeep ? await openIndex(examples, openEncoder('deep', understanding)) : null;
  let asked = 0;
  const byDeep = (text: string): IntentAnswer | Promise<IntentAnswer> => {
    asked++;
    return deep!(text);
  };
  if (wanted === 'deep') return { speed: 'deep', classify: byDeep, deepCount: () => asked };
  const fast = await openIndex(examples, openEncoder('static', understanding));
  return {
    speed: deep === null ? 'static' : 'auto',
    deepCount: () => asked,
    async classify(text) {
      const found = await fast(text);
      return deep !== null && found.isDoubtful ? byDeep(text) : found;
    },
  };
}

async function openIndex(
  examples: readonly Labelled[],
  encoder: SpeedyEncoder,
): Promise<(text: string) => IntentAnswer | Promise<IntentAnswer>> {
  const withVectors: IntentExample[] = [];
  for (const { text, label } of examples) {
    withVectors.push({ text, label, vector: await encoder.embed(text) });
  }
  const index: IntentIndex = createIntentIndex(withVectors);
  return (text) => {
    const vector = encoder.embed(text);
    if (vector instanceof Promise) return vector.then((value) => index.classify(text, value));
    return index.classify(text, vector);
  };
}

function inScopeMajority(items: readonly Labelled[]): number {
  return majorityShare(items.map(({ label }) => label).filter((label) => label !== OUT_OF_SCOPE));
}

/** The label of the example that shares most words. */
function wordOverlapAccuracy(
  items: readonly Labelled[],
  examples: readonly Labelled[],
): number | null {
  const known = examples.map(({ text, label }) => ({ words: wordsOf(text), label }));
  const inScope = items.filter(({ label }) => label !== OUT_OF_SCOPE);
  if (inScope.length === 0) return null;
  return accuracyOf(
    inScope.map(({ text, label }) => {
      const words = wordsOf(text);
      let best = -1;
      let said = '';
      for (const example of known) {
        const overlap = overlapOf(words, example.words);
        if (overlap > best) [best, said] = [overlap, example.label];
      }
      return said === label;
    }),
  );
}
