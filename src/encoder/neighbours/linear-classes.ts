import { KernelFloats, KernelMemory, paddedLength } from '../kernels/kernel-memory.ts';
import { createLexicalReader } from './lexical.ts';
import type { LexicalFeatures } from './lexical.ts';

/** One example: a text, its vector of unit length, and the index of its class. */
export interface LabelledText {
  readonly text: string;
  readonly vector: Float32Array;
  readonly classIndex: number;
}

/** Softmax regression over a sentence vector and the words of the text. */
export interface LinearClasses {
  /** One logit per class; the array is used again by the next call. */
  score(text: string, vector: Float32Array): Float32Array;
}

/** How much the words count beside the vector; both have unit length. */
const LEXICAL_WEIGHT = 0.6;
/** Scale of the class centroids, with which training begins. */
const START_SCALE = 10;
/** Of the first step; it falls to 0 in a straight line. */
const RATE = 2;
/** Steps that few examples are given at least, and epochs that many are given at least, at most. */
const STEPS_MIN = 8000;
const EPOCHS_MIN = 4;
const EPOCHS_MAX = 60;
/** A class with less error does not move. */
const NEGLIGIBLE = 1e-3;
/** Floats in the table of words: 16 MB at most. */
const TABLE_MAX = 1 << 22;
const BUCKET_BITS_MAX = 14;
const BUCKET_BITS_MIN = 8;

/** Trains by stochastic gradient descent in a fixed order: the same examples give the same weights. */
export function trainLinearClasses(
  examples: readonly LabelledText[],
  classCount: number,
): LinearClasses {
  const model = new Model(examples[0]?.vector.length ?? 0, classCount);
  model.begin(examples);
  const { length } = examples;
  const epochs = Math.min(EPOCHS_MAX, Math.max(EPOCHS_MIN, Math.ceil(STEPS_MIN / length)));
  const steps = length * epochs;
  const stride = strideOf(length);
  let at = 0;
  for (let step = 0; step < steps; step++) {
    at = (at + stride) % length;
    model.learn(examples[at]!, RATE * (1 - step / steps));
  }
  return model;
}

class Model implements LinearClasses {
  readonly #memory = new KernelMemory();
  readonly #lexical: ReturnType<typeof createLexicalReader>;
  readonly #classCount: number;
  readonly #stride: number;
  /** One row per class. */
  readonly #dense: KernelFloats;
  readonly #input: KernelFloats;
  readonly #logits: KernelFloats;
  /** One row per bucket of words, of a weight per class. */
  readonly #table: Float32Array;

  constructor(dimensions: number, classCount: number) {
    this.#classCount = classCount;
    this.#stride = paddedLength(dimensions);
    const memory = this.#memory;
    this.#dense = new KernelFloats(memory, this.#stride * classCount);
    this.#input = new KernelFloats(memory, dimensions);
    this.#logits = new KernelFloats(memory, classCount);
    let bits = BUCKET_BITS_MAX;
    while (2 ** bits * classCount > TABLE_MAX && bits > BUCKET_BITS_MIN) bits--;
    this.#lexical = createLexicalReader(bits);
    this.#table = new Float32Array(2 ** bits * classCount);
  }

  score(text: string, vector: Float32Array): Float32Array {
    return this.#score(this.#lexical.read(text), vector);
  }

  /** Each class begins at the centroid of its examples. */
  begin(examples: readonly LabelledText[]): void {
    const weights = this.#dense.view;
    const counts = new Int32Array(this.#classCount);
    for (const { classIndex } of examples) counts[classIndex]!++;
    for (const { vector, classIndex } of examples) {
      addScaled(weights, classIndex * this.#stride, vector, START_SCALE / counts[classIndex]!);
    }
  }

  learn({ text, vector, classIndex }: LabelledText, rate: number): void {
    const features = this.#lexical.read(text);
    const errors = this.#score(features, vector);
    softmax(errors);
    errors[classIndex] = errors[classIndex]! - 1;
    const weights = this.#dense.view;
    const value = features.value * LEXICAL_WEIGHT;
    for (let c = 0; c < this.#classCount; c++) {
      const error = errors[c]!;
      if (error < NEGLIGIBLE && error > -NEGLIGIBLE) continue;
      const move = -rate * error;
      addScaled(weights, c * this.#stride, vector, move);
      for (let i = 0; i < features.count; i++) {
        const cell = features.buckets[i]! * this.#classCount + c;
        this.#table[cell] = this.#table[cell]! + move * value;
      }
    }
  }

  #score(features: LexicalFeatures, vector: Float32Array): Float32Array {
    this.#input.view.set(vector);
    const { place, length } = this.#dense;
    const { kernels } = this.#memory;
    kernels.multiply(
      place,
      place + 4 * length,
      this.#input.place,
      this.#stride,
      this.#logits.place,
    );
    const logits = this.#logits.view;
    const value = features.value * LEXICAL_WEIGHT;
    const table = this.#table;
    for (let i = 0; i < features.count; i++) {
      const row = features.buckets[i]! * this.#classCount;
      for (let c = 0; c < logits.length; c++) logits[c] = logits[c]! + value * table[row + c]!;
    }
    return logits;
  }
}

/** A step through `count` examples that meets all and mixes the classes: near the golden section, coprime. */
function strideOf(count: number): number {
  let stride = Math.max(1, Math.round(count * 0.618));
  while (greatestDivisor(stride, count) !== 1) stride++;
  return stride;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** In place. */
export function softmax(values: Float32Array): void {
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) if (values[i]! > max) max = values[i]!;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Math.exp(values[i]! - max);
    values[i] = value;
    sum += value;
  }
  for (let i = 0; i < values.length; i++) values[i] = values[i]! / sum;
}

function addScaled(
  weights: Float32Array,
  offset: number,
  vector: Float32Array,
  factor: number,
): void {
  for (let i = 0; i < vector.length; i++) {
    weights[offset + i] = weights[offset + i]! + factor * vector[i]!;
  }
}
