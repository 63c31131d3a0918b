import { GRAM_BUCKETS, GramReader } from './text-grams.ts';
import { SHAPE_FEATURES, writePromptShape } from './prompt-shape.ts';

/** How loud the sentence vector and the form are beside the grams, whose rows are of about unit length. */
const VECTOR_LOUDNESS = 1;
const SHAPE_LOUDNESS = 0.15;
/** A feature that hardly varies in training says little where it differs later. */
const DEVIATION_MIN = 0.02;

/** The sentence vector of a text, at unit length. */
export interface SentenceEncoder {
  readonly name: string;
  readonly dimensions: number;
  embedOne(text: string): Float32Array;
}

/** Centre and scale of the form's features, by those of the training prompts. */
export interface ShapeScale {
  readonly centre: Float32Array;
  readonly scale: Float32Array;
}

/** Prompts as numbers: hashed grams, and what is dense. */
export class FeatureRows {
  readonly count: number;
  /** Numbers per row of `dense`. */
  readonly width: number;
  readonly dense: Float32Array;
  /** Where each row's buckets begin; one more than rows. */
  readonly starts: Int32Array;
  readonly buckets: Uint16Array;

  constructor(given: Pick<FeatureRows, 'count' | 'width' | 'dense' | 'starts' | 'buckets'>) {
    this.count = given.count;
    this.width = given.width;
    this.dense = given.dense;
    this.starts = given.starts;
    this.buckets = given.buckets;
  }
}

export const denseWidth = (encoder: SentenceEncoder): number =>
  encoder.dimensions + SHAPE_FEATURES.length;

/** The sentence vector, then the form unscaled. */
export function writeDense(
  text: string,
  vector: Float32Array,
  dense: Float32Array,
  at: number,
): void {
  for (let i = 0; i < vector.length; i++) dense[at + i] = VECTOR_LOUDNESS * vector[i]!;
  writePromptShape(text, dense, at + vector.length);
}

/** Features of texts; `onRow` hears of each. */
export function readFeatures(
  texts: readonly string[],
  encoder: SentenceEncoder,
  onRow: (row: number) => void = () => {},
): FeatureRows {
  const width = denseWidth(encoder);
  const dense = new Float32Array(texts.length * width);
  const starts = new Int32Array(texts.length + 1);
  const reader = new GramReader();
  let buckets = new Uint16Array(1 << 16);
  texts.forEach((text, row) => {
    writeDense(text, encoder.embedOne(text), dense, row * width);
    const found = reader.read(text);
    const start = starts[row]!;
    starts[row + 1] = start + found.length;
    if (start + found.length > buckets.length) {
      const grown = new Uint16Array(Math.max(2 * buckets.length, start + found.length));
      grown.set(buckets);
      buckets = grown;
    }
    buckets.set(found, start);
    onRow(row);
  });
  return new FeatureRows({ count: texts.length, width, dense, starts, buckets });
}

/** Centre and scale of the form over some rows. */
export function shapeScale(features: FeatureRows, rows: readonly number[]): ShapeScale {
  const size = SHAPE_FEATURES.length;
  const centre = new Float32Array(size);
  const scale = new Float32Array(size);
  const offset = features.width - size;
  for (let j = 0; j < size; j++) {
    let [sum, squares] = [0, 0];
    for (const row of rows) sum += features.dense[row * features.width + offset + j]!;
    const mean = sum / rows.length;
    for (const row of rows) {
      squares += (features.dense[row * features.width + offset + j]! - mean) ** 2;
    }
    centre[j] = mean;
    scale[j] = SHAPE_LOUDNESS / Math.max(DEVIATION_MIN, Math.sqrt(squares / rows.length));
  }
  return { centre, scale };
}

const SHAPE_MAX = 2.5 * SHAPE_LOUDNESS;

/** Scales the form in one row; far values are cut, so that no odd prompt is judged by its length alone. */
export function scaleShape(dense: Float32Array, at: number, { centre, scale }: ShapeScale): void {
  for (let j = 0; j < centre.length; j++) {
    const value = (dense[at + j]! - centre[j]!) * scale[j]!;
    dense[at + j] = Math.max(-SHAPE_MAX, Math.min(SHAPE_MAX, value));
  }
}

/** The form in one row at a deviation of one, as it stands at the end of an item. */
export function addShape(dense: Float32Array, from: number, item: Float32Array, to: number): void {
  for (let j = 0; j < SHAPE_FEATURES.length; j++) item[to + j] = dense[from + j]! / SHAPE_LOUDNESS;
}

/** How much a bucket tells: the rarer, the more; nothing where fewer than two rows have it. */
export function bucketWorths(features: FeatureRows, rows: readonly number[]): Float32Array {
  const met = new Int32Array(GRAM_BUCKETS);
  for (const row of rows) {
    for (let at = features.starts[row]!; at < features.starts[row + 1]!; at++) {
      met[features.buckets[at]!]!++;
    }
  }
  return Float32Array.from(met, (count) =>
    count < 2 ? 0 : Math.log((1 + rows.length) / (1 + count)) / WORTH_SCALE,
  );
}

/** About the root mean square of the worths, so that a row is of about unit length. */
const WORTH_SCALE = 4;
