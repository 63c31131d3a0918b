import { addShape, scaleShape, bucketWorths, readFeatures, shapeScale } from './feature-rows.ts';
import type { FeatureRows, SentenceEncoder, ShapeScale } from './feature-rows.ts';
import { SHAPE_FEATURES } from './prompt-shape.ts';
import { itemTargets } from './item-targets.ts';
import { foldsOf } from './item-groups.ts';
import type { OutcomeTable } from './outcome-table.ts';
import { textsOf } from './prompt-text.ts';
import { applyMap, fitRidge } from './ridge.ts';
import type { LinearMap } from './ridge.ts';

/** Prompts of all tables, one table behind the other, as numbers. */
export interface ReadTables {
  readonly tables: readonly OutcomeTable[];
  readonly templates: readonly string[];
  /** Behind their templates. */
  readonly texts: readonly string[];
  /** log(1 + units) of each whole prompt. */
  readonly logUnits: Float32Array;
  readonly features: FeatureRows;
  readonly shape: ShapeScale;
  readonly worths: Float32Array;
}

/** How far a training is, 0–1. */
export type OnProgress = (share: number) => void;

export function readTables(
  tables: readonly OutcomeTable[],
  encoder: SentenceEncoder,
  onProgress: OnProgress,
): ReadTables {
  const { templates, whole, texts } = textsOf(tables);
  const features = readFeatures(texts, encoder, (row) => {
    if (row % 64 === 0) onProgress(row / texts.length);
  });
  const rows = texts.map((_, i) => i);
  const shape = shapeScale(features, rows);
  const offset = features.width - SHAPE_FEATURES.length;
  for (const row of rows) scaleShape(features.dense, row * features.width + offset, shape);
  const logUnits = Float32Array.from(whole, ({ length }) => Math.log1p(length));
  const worths = bucketWorths(features, rows);
  return { tables, templates, texts, logUnits, features, shape, worths };
}

/** Items of the training prompts, each foretold without the outcomes of its own question, and the map for others. */
export interface Representation {
  /** Numbers per item: those of the map, then the form of the prompt. */
  readonly size: number;
  /** Row after row, those of the map at mean zero and unit variance. */
  readonly items: Float32Array;
  readonly map: LinearMap;
  readonly offset: Float32Array;
}

const INNER_FOLDS = 3;
const MEMBERSHIP_RIDGE = 2;

export function fitRepresentation(
  read: ReadTables,
  seed: number,
  onProgress: OnProgress,
): Representation {
  const folds = foldsOf(read.texts, INNER_FOLDS, seed);
  const rows = read.texts.map((_, i) => i);
  const whole = fitMap(read, rows, (share) => onProgress(share * 0.4));
  const size = whole.outputs;
  const items = new Float32Array(rows.length * size);
  for (let fold = 0; fold < INNER_FOLDS; fold++) {
    const held = rows.filter((i) => folds[i] === fold);
    const rest = rows.filter((i) => folds[i] !== fold);
    if (held.length === 0) continue;
    const map = fold < INNER_FOLDS && rest.length > 0 ? fitMap(read, rest, () => {}) : whole;
    const image = new Float32Array(held.length * size);
    applyMap({ features: read.features, worths: read.worths, rows: held }, map, image);
    held.forEach((row, at) => items.set(image.subarray(at * size, (at + 1) * size), row * size));
    onProgress(0.4 + (0.6 * (fold + 1)) / INNER_FOLDS);
  }
  const offset = standardise(items, size, whole);
  return { ...withShape(read.features, items, size), map: whole, offset };
}

function withShape(
  { dense, width }: FeatureRows,
  foretold: Float32Array,
  size: number,
): Pick<Representation, 'size' | 'items'> {
  const whole = size + SHAPE_FEATURES.length;
  const rows = foretold.length / size;
  const items = new Float32Array(rows * whole);
  for (let i = 0; i < rows; i++) {
    items.set(foretold.subarray(i * size, (i + 1) * size), i * whole);
    addShape(dense, (i + 1) * width - SHAPE_FEATURES.length, items, i * whole + size);
  }
  return { size: whole, items };
}

/** One map for all tables: what each foretells of its rows, then which table a prompt is like. */
function fitMap(read: ReadTables, rows: readonly number[], onProgress: OnProgress): LinearMap {
  const { features, worths, tables } = read;
  const maps: LinearMap[] = [];
  const isIn = new Uint8Array(read.texts.length);
  for (const row of rows) isIn[row] = 1;
  let first = 0;
  tables.forEach((table, t) => {
    // The components of the whole table, so that every fold's map foretells the same numbers.
    const targets = itemTargets(table);
    const own = table.prompts.flatMap((_, i) => (isIn[first + i] === 1 ? [i] : []));
    const values = new Float32Array(own.length * targets.outputs);
    own.forEach((i, at) => {
      const from = i * targets.outputs;
      values.set(targets.values.subarray(from, from + targets.outputs), at * targets.outputs);
    });
    const start = first;
    const design = { features, worths, rows: own.map((i) => start + i) };
    maps.push(fitRidge(design, { ...targets, values }));
    first += table.prompts.length;
    onProgress((t + 1) / (tables.length + 1));
  });
  if (tables.length > 1) maps.push(fitMembership(read, rows));
  return joinMaps(maps);
}

function fitMembership(
  { features, worths, tables }: ReadTables,
  rows: readonly number[],
): LinearMap {
  const outputs = tables.length;
  const sizes = tables.map(({ prompts }) => prompts.length);
  const tableOf = sizes.flatMap((count, t) => Array.from({ length: count }, () => t));
  const values = new Float32Array(rows.length * outputs);
  rows.forEach((row, at) => {
    for (let t = 0; t < outputs; t++) {
      values[at * outputs + t] = (tableOf[row] === t ? 1 : 0) - sizes[t]! / tableOf.length;
    }
  });
  const ridge = sizes.map(() => MEMBERSHIP_RIDGE);
  return fitRidge({ features, worths, rows }, { outputs, values, ridge });
}

function joinMaps(maps: readonly LinearMap[]): LinearMap {
  const outputs = maps.reduce((sum, map) => sum + map.outputs, 0);
  const rows = maps[0]!.weights.length / maps[0]!.outputs;
  const weights = new Float32Array(rows * outputs);
  let at = 0;
  for (const map of maps) {
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < map.outputs; k++) {
        weights[i * outputs + at + k] = map.weights[i * map.outputs + k]!;
      }
    }
    at += map.outputs;
  }
  return { outputs, weights };
}

/** Brings the items to mean zero and unit variance, and the map with them; returns what is to be added behind the map. */
function standardise(items: Float32Array, size: number, map: LinearMap): Float32Array {
  const rows = items.length / size;
  const offset = new Float32Array(size);
  for (let k = 0; k < size; k++) {
    let [sum, squares] = [0, 0];
    for (let i = k; i < items.length; i += size) sum += items[i]!;
    const mean = sum / rows;
    for (let i = k; i < items.length; i += size) squares += (items[i]! - mean) ** 2;
    const scale = 1 / Math.max(1e-4, Math.sqrt(squares / rows));
    for (let i = k; i < items.length; i += size) items[i] = (items[i]! - mean) * scale;
    for (let i = k; i < map.weights.length; i += size) map.weights[i]! *= scale;
    offset[k] = -mean * scale;
  }
  return offset;
}
