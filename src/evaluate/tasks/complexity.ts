import type { EvaluationInput, Measured } from '../evaluation.ts';
import { majorityShare } from '../majority.ts';
import { numberOf, numbersOf, problemAt, textOf } from '../records.ts';
import type { DataRecord } from '../records.ts';
import { accuracyOf, areaUnderRoc, mean } from '../statistics.ts';
import { openClassifier } from '../two-speeds.ts';

/** Fewer models than this solve a hard one. */
const HARD_BELOW = 0.5;

/** `{prompt, solve_rate}`, or `correct` by model: is a text one that most models fail at? */
export async function evaluateComplexity(input: EvaluationInput): Promise<Measured> {
  const { records, stopwatch } = input;
  const classifier = openClassifier('complexity', input.speed, input.understanding);
  const threshold = classifier.threshold ?? 0.5;
  const texts = records.map((record) => textOf(record, 'prompt', 'text'));
  const rates = records.map(solveRateOf);
  const isHard = rates.map((rate) => rate < HARD_BELOW);
  const found = await stopwatch.each(texts, (text) => classifier.classify(text));
  const chances = found.map(({ probabilities }) => probabilities[1]!);
  const groups = records.map(({ fields }) =>
    JSON.stringify(fields['category'] ?? fields['subject'] ?? null),
  );
  return {
    n: texts.length,
    encoder: classifier.speed,
    metrics: {
      auc: areaUnderRoc(chances, isHard),
      accuracy: accuracyOf(chances.map((chance, i) => chance >= threshold === isHard[i])),
      deepShare: classifier.deepCount() / texts.length,
    },
    baselines: {
      majority: { auc: 0.5, accuracy: majorityShare(isHard) },
      length: {
        auc: areaUnderRoc(
          texts.map(({ length }) => length),
          isHard,
        ),
      },
      categoryMean: { auc: areaUnderRoc(meansOfOthers(groups, rates), isHard) },
    },
  };
}

function solveRateOf(record: DataRecord): number {
  if ('solve_rate' in record.fields) return numberOf(record, 'solve_rate');
  const correct = numbersOf(record, 'correct', 'score');
  if (correct !== null && correct.length > 0) return mean(correct);
  throw problemAt(record, 'correct', '"solve_rate", or "correct" by model, is needed');
}

/** How often the others of a record's category fail, the record itself left out. */
function meansOfOthers(groups: readonly string[], rates: readonly number[]): number[] {
  const sums = new Map<string, { sum: number; count: number }>();
  groups.forEach((group, i) => {
    const entry = sums.get(group) ?? { sum: 0, count: 0 };
    sums.set(group, { sum: entry.sum + rates[i]!, count: entry.count + 1 });
  });
  return groups.map((group, i) => {
    const { sum, count } = sums.get(group)!;
    return count < 2 ? 0.5 : 1 - (sum - rates[i]!) / (count - 1);
  });
}
