import { componentsOf } from './dense-algebra.ts';
import type { Component } from './dense-algebra.ts';
import { knownMean } from './outcome-table.ts';
import type { OutcomeTable } from './outcome-table.ts';

/** What the representation of an item is to foretell about one table's rows. */
export interface ItemTargets {
  readonly outputs: number;
  /** Row after row, each output of about unit variance or less. */
  readonly values: Float32Array;
  readonly ridge: readonly number[];
}

/** A subject's own mean counts in full from about this many rows on. */
const SUBJECT_ROWS = 10;
const SUBJECT_COMPONENTS_MAX = 10;
const ITEM_COMPONENTS_MAX = 3;
const ROWS_PER_COMPONENT = 100;
/** Components that carry less of the variance than this are left out. */
const SHARE_MIN = 0.002;
/** Means over a subject carry less noise than single outcomes, and are learned more boldly. */
const SUBJECT_RIDGE = 8;
const ITEM_RIDGE = 30;

/**
 * Principal components of the outcomes of all models: of the rows themselves, and of the means over each
 * row's subjects. The latter say what can be known of a prompt from what it is about, without the luck of one row.
 */
export function itemTargets(table: OutcomeTable): ItemTargets {
  const outcomes = centredOutcomes(table);
  const rows = table.prompts.length;
  const models = table.models.length;
  const most = Math.max(1, Math.floor(rows / ROWS_PER_COMPONENT));
  const subjects = subjectMeans(table, outcomes);
  const parts = [
    ...(subjects === null
      ? []
      : [project(subjects, models, Math.min(SUBJECT_COMPONENTS_MAX, most), SUBJECT_RIDGE)]),
    project(outcomes, models, Math.min(ITEM_COMPONENTS_MAX, most), ITEM_RIDGE),
  ];
  const outputs = parts.reduce((sum, part) => sum + part.ridge.length, 0);
  const values = new Float32Array(rows * outputs);
  let at = 0;
  for (const part of parts) {
    const own = part.ridge.length;
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < own; k++) values[i * outputs + at + k] = part.values[i * own + k]!;
    }
    at += own;
  }
  return { outputs, values, ridge: parts.flatMap(({ ridge }) => ridge) };
}

/** Rows × models less each model's mean; what is not known is taken for the mean. */
function centredOutcomes({ models, prompts }: OutcomeTable): Float64Array {
  const values = new Float64Array(prompts.length * models.length);
  models.forEach(({ correct }, m) => {
    const mean = knownMean(correct) ?? 0;
    for (let i = 0; i < prompts.length; i++) {
      const own = correct[i]!;
      values[i * models.length + m] = Number.isNaN(own) ? 0 : own - mean;
    }
  });
  return values;
}

/** Each row's mean over its finest subject, drawn towards that of its coarser ones; null where there is one subject. */
function subjectMeans(
  { labels, prompts, models }: OutcomeTable,
  outcomes: Float64Array,
): Float64Array | null {
  const width = models.length;
  let means = new Float64Array(outcomes.length);
  let isVaried = false;
  const levels = Math.max(0, ...labels.map(({ length }) => length));
  for (let level = 0; level < levels; level++) {
    const groups = Map.groupBy(prompts.keys(), (i) => labels[i]![level]);
    const next = means.slice();
    for (const [label, rows] of groups) {
      if (label === undefined) continue;
      isVaried ||= rows.length < prompts.length;
      for (let m = 0; m < width; m++) {
        let [own, coarser] = [0, 0];
        for (const i of rows) {
          own += outcomes[i * width + m]!;
          coarser += means[i * width + m]!;
        }
        const drawn = (coarser / rows.length) * SUBJECT_ROWS;
        const mean = (own + drawn) / (rows.length + SUBJECT_ROWS);
        for (const i of rows) next[i * width + m] = mean;
      }
    }
    means = next;
  }
  return isVaried ? means : null;
}

interface Projection {
  readonly values: Float64Array;
  readonly ridge: readonly number[];
}

function project(
  values: Float64Array,
  width: number,
  componentsMax: number,
  ridge: number,
): Projection {
  const rows = values.length / width;
  const covariance = new Float64Array(width * width);
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < width; a++) {
      const own = values[i * width + a]! / rows;
      for (let b = 0; b < width; b++) covariance[a * width + b]! += own * values[i * width + b]!;
    }
  }
  const all = componentsOf(covariance, width);
  const whole = all.reduce((sum, { variance }) => sum + Math.max(0, variance), 0);
  const kept = all
    .filter(({ variance }) => variance > SHARE_MIN * whole && variance > 1e-9)
    .slice(0, componentsMax);
  return { values: scoresOf(values, width, kept), ridge: kept.map(() => ridge) };
}

/** At unit variance. */
function scoresOf(
  values: Float64Array,
  width: number,
  components: readonly Component[],
): Float64Array {
  const rows = values.length / width;
  const scores = new Float64Array(rows * components.length);
  components.forEach(({ axis, variance }, k) => {
    const scale = 1 / Math.sqrt(variance);
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let m = 0; m < width; m++) sum += axis[m]! * values[i * width + m]!;
      scores[i * components.length + k] = sum * scale;
    }
  });
  return scores;
}
