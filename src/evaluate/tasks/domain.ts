import type { EvaluationInput, Measured } from '../evaluation.ts';
import { textOf } from '../records.ts';
import { accuracyOf, calibrationError } from '../statistics.ts';
import { openClassifier } from '../two-speeds.ts';
import { majorityShare } from '../majority.ts';

/** `{text, label}`: the subject of a text. */
export async function evaluateDomain(input: EvaluationInput): Promise<Measured> {
  const { records, stopwatch } = input;
  const classifier = openClassifier('domain', input.speed, input.understanding);
  const items = records.map((record) => ({
    text: textOf(record, 'text', 'prompt'),
    label: textOf(record, 'label'),
  }));
  const found = await stopwatch.each(items, ({ text }) => classifier.classify(text));
  const isRight = found.map(({ label }, i) => label === items[i]!.label);
  return {
    n: items.length,
    encoder: classifier.speed,
    metrics: {
      accuracy: accuracyOf(isRight),
      ece: calibrationError(
        found.map(({ confidence }) => confidence),
        isRight,
      ),
      deepShare: classifier.deepCount() / items.length,
    },
    baselines: { majority: { accuracy: majorityShare(items.map(({ label }) => label)) } },
  };
}
