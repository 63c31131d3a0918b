/**
 * How far a request's difficulty moves what a card says: fits the slope on one fold of MMLU-Pro and reports on another,
 * with a head of complexity that has seen neither. `node bench/learning/difficulty.ts`; needs the data folder.
 */
import { readFileSync } from 'node:fs';
import { createFastModels } from '../../src/encoder/index.ts';
import { DIFFICULTY_SLOPE, EXAM_DIFFICULTY, logitOf } from '../../src/estimate/index.ts';
import { gistOf } from '../../src/signals/index.ts';
import { readQuestions } from '../reasoning/difficulty.ts';
import type { Question } from '../reasoning/difficulty.ts';

const MODELS = new URL('../../models/', import.meta.url);
const HELD_OUT = new URL('../reasoning/complexity.safetensors', import.meta.url);
const FOLDS = new URL('../reasoning/folds.json', import.meta.url);
const STEPS = 30;

const fast = createFastModels((name) =>
  readFileSync(name === 'complexity.safetensors' ? HELD_OUT : new URL(name, MODELS)),
);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** One model's answers on a part, and how hard each question was found, in log-odds. */
interface Column {
  readonly model: string;
  readonly categories: readonly string[];
  readonly logits: readonly number[];
  readonly right: readonly number[];
}

function columnsOf(questions: readonly Question[]): { columns: Column[]; level: number } {
  const logits = questions.map(({ prompt }) => {
    const chance = fast.read(gistOf(prompt)).classify('complexity').probabilities[1]!;
    return logitOf(chance);
  });
  const models = Object.keys(questions[0]!.correct);
  const columns = models.map((model): Column => {
    const asked = questions.flatMap(({ correct }, i) => {
      const mark = correct[model];
      const { category } = questions[i]!;
      return mark === null || mark === undefined ? [] : [{ mark, category, logit: logits[i]! }];
    });
    return {
      model,
      categories: asked.map(({ category }) => category),
      logits: asked.map(({ logit }) => logit),
      right: asked.map(({ mark }) => mark),
    };
  });
  return { columns, level: meanOf(logits) };
}

/** P(right) = σ(logit(card) − slope · (difficulty − level)), as the market has it. */
function chancesOf({ logits }: Column, card: number, slope: number, level: number): number[] {
  return logits.map((logit) => sigmoid(logitOf(card) - slope * (logit - level)));
}

function brierOf(column: Column, card: number, slope: number, level: number): number {
  const chances = chancesOf(column, card, slope, level);
  return meanOf(chances.map((chance, i) => (chance - column.right[i]!) ** 2));
}

/** Newton's steps towards the likeliest slope, each model's card being its mean on the part. */
function fitSlope(columns: readonly Column[], level: number): number {
  let slope = 0;
  for (let step = 0; step < STEPS; step++) {
    let gradient = 0;
    let curvature = 1e-9;
    for (const column of columns) {
      const chances = chancesOf(column, meanOf(column.right), slope, level);
      for (const [i, chance] of chances.entries()) {
        const x = level - column.logits[i]!;
        gradient += (column.right[i]! - chance) * x;
        curvature += chance * (1 - chance) * x * x;
      }
    }
    slope += gradient / curvature;
  }
  return slope;
}

const folds = JSON.parse(readFileSync(FOLDS, 'utf8')) as {
  readonly choosing: readonly number[];
  readonly reporting: readonly number[];
};
const questions = readQuestions();
const choosing = columnsOf(folds.choosing.map((place) => questions[place]!));
const reporting = columnsOf(folds.reporting.map((place) => questions[place]!));
const slope = fitSlope(choosing.columns, choosing.level);
const each = choosing.columns.map((column) => fitSlope([column], choosing.level));
const [least, most] = [Math.min(...each).toFixed(2), Math.max(...each).toFixed(2)];
console.log(`slope ${slope.toFixed(3)} (${least} to ${most} for single models)`);
console.log(`mean difficulty ${choosing.level.toFixed(3)}`);
const known = new Map(choosing.columns.map((column) => [column.model, meanOf(column.right)]));
for (const one of [0, DIFFICULTY_SLOPE]) {
  const scores = reporting.columns.map((column) =>
    brierOf(column, known.get(column.model)!, one, EXAM_DIFFICULTY),
  );
  console.log(`held out, slope ${one}: Brier score ${meanOf(scores).toFixed(4)}`);
}
const byCategory = reporting.columns.map(({ model, categories, right }) => {
  const column = choosing.columns.find((one) => one.model === model)!;
  const meanIn = new Map(
    [...new Set(categories)].map((category) => [
      category,
      meanOf(column.right.filter((_, i) => column.categories[i] === category)),
    ]),
  );
  return meanOf(right.map((mark, i) => (meanIn.get(categories[i]!)! - mark) ** 2));
});
console.log(
  `held out, each model's mean in the category: Brier score ${meanOf(byCategory).toFixed(4)}`,
);
