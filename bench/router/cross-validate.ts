import {
  textsOf,
  QualityModel,
  foldsOf,
  promptText,
  selectRows,
  trainQuality,
} from '../../src/quality/index.ts';
import type { OutcomeTable, SentenceEncoder } from '../../src/quality/index.ts';
import { knnRival, mlpRival } from './rivals.ts';
import type { Rival, RivalData } from './rivals.ts';

export const FOLDS = 5;

/** What was expected of each row while it was held out, by model of the table. */
export interface HeldOut {
  readonly router: Expected;
  readonly categoryMean: Expected;
  readonly knn: Expected;
  readonly mlp: Expected;
}

export interface Expected {
  readonly quality: readonly Float64Array[];
  readonly costUsd: readonly Float64Array[];
}

/** Rows of all tables in folds that keep each question together, wherever it stands. */
export function tableFolds(tables: readonly OutcomeTable[], seed: number): Uint8Array[] {
  const folds = foldsOf(textsOf(tables).texts, FOLDS, seed);
  let first = 0;
  return tables.map(({ prompts }) => folds.slice(first, (first += prompts.length)));
}

export const rowsOf = (folds: Uint8Array, holds: (fold: number) => boolean): number[] =>
  [...folds.keys()].filter((i) => holds(folds[i]!));

/** Per table what is expected of its rows by what learned from the other folds. */
export function crossValidate(
  tables: readonly OutcomeTable[],
  encoder: SentenceEncoder,
  seed: number,
): HeldOut[] {
  const folds = tableFolds(tables, seed);
  const results = tables.map(({ models, prompts }) => {
    const empty = (): Expected => {
      const columns = (): Float64Array[] => models.map(() => new Float64Array(prompts.length));
      return { quality: columns(), costUsd: columns() };
    };
    return { router: empty(), categoryMean: empty(), knn: empty(), mlp: empty() };
  });
  for (let fold = 0; fold < FOLDS; fold++) {
    const learned = tables.map((table, t) =>
      selectRows(
        table,
        rowsOf(folds[t]!, (f) => f !== fold),
      ),
    );
    const model = new QualityModel(trainQuality(learned, { encoder, seed }), encoder);
    tables.forEach((table, t) => {
      const held = rowsOf(folds[t]!, (f) => f === fold);
      const result = results[t]!;
      fillRouter(model, table, held, result);
      fillRivals(learned[t]!, table, { held, encoder, seed }, result);
    });
    console.error(`fold ${fold + 1} of ${FOLDS}`);
  }
  return results;
}

function fillRouter(
  model: QualityModel,
  { models, prompts, labels }: OutcomeTable,
  held: readonly number[],
  { router, categoryMean }: HeldOut,
): void {
  const { subjects } = model.parts;
  const routed = models.map(({ id }) => model.find(id));
  const places = routed.map((one) => (one === null ? -1 : model.models.indexOf(one)));
  for (const i of held) {
    const item = model.read(prompts[i]!);
    const label = subjects.labels.indexOf(labels[i]![0] ?? '');
    routed.forEach((one, m) => {
      if (one === null) return;
      const { accuracy, costUsd } = model.forecast(one, item);
      router.quality[m]![i] = accuracy.mean;
      router.costUsd[m]![i] = costUsd?.mean ?? Number.NaN;
      categoryMean.quality[m]![i] =
        label < 0 ? one.meanCorrect : subjects.means[label * model.models.length + places[m]!]!;
      categoryMean.costUsd[m]![i] = one.meanCostUsd ?? Number.NaN;
    });
  }
}

interface Scene {
  readonly held: readonly number[];
  readonly encoder: SentenceEncoder;
  readonly seed: number;
}

function fillRivals(
  learned: OutcomeTable,
  { prompts }: OutcomeTable,
  { held, encoder, seed }: Scene,
  { knn, mlp }: HeldOut,
): void {
  if (learned.models.every(({ costUsd }) => costUsd.every((cost) => Number.isNaN(cost)))) return;
  const vector = (prompt: string): Float32Array => encoder.embedOne(promptText(prompt));
  const data: RivalData = {
    vectors: learned.prompts.map(vector),
    quality: learned.models.map(({ correct }) => correct),
    costUsd: learned.models.map(({ costUsd }) => costUsd),
  };
  const fill = (rival: Rival, into: Expected): void => {
    for (const i of held) {
      const { quality, costUsd } = rival(vector(prompts[i]!));
      quality.forEach((value, m) => (into.quality[m]![i] = value));
      costUsd.forEach((value, m) => (into.costUsd[m]![i] = value));
    }
  };
  fill(knnRival(data), knn);
  fill(mlpRival(data, seed), mlp);
}
