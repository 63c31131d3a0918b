import { z } from 'zod';
import { readMetadata } from './model-metadata.ts';
import { VectorRows } from './neighbours/vector-rows.ts';
import { TensorFile } from './safetensors.ts';

const memorySchema = z.looseObject({
  kind: z.literal('label-memory'),
  version: z.literal(1),
  task: z.string().min(1),
  /** The deep encoder that made the vectors. */
  encoder: z.string().min(1),
  dimensions: z.int().min(1),
  labels: z.array(z.string()).min(2).max(255),
  /** So many nearest examples speak, each with e^(sharpness · cosine). */
  neighbours: z.int().min(1).max(256),
  sharpness: z.number().positive(),
  /** Added to the share of every label. */
  smoothing: z.number().positive(),
});

/** Labelled examples as sentence vectors: what the nearest of them say of a text. */
export class LabelMemory {
  readonly encoder: string;
  readonly task: string;
  readonly #rows: VectorRows;
  readonly #classes: Uint8Array;
  readonly #labelCount: number;
  readonly #neighbours: number;
  readonly #sharpness: number;
  readonly #smoothing: number;

  constructor(file: string, bytes: Uint8Array) {
    const tensors = new TensorFile(file, bytes);
    const metadata = readMetadata(tensors, memorySchema);
    const { dimensions, labels } = metadata;
    const classes = tensors.uint8('classes');
    const count = classes.length;
    if (count < metadata.neighbours) throw tensors.fault('it has fewer examples than neighbours');
    if (classes.some((label) => label >= labels.length)) {
      throw tensors.fault('an example has a class without a label');
    }
    this.encoder = metadata.encoder;
    this.task = metadata.task;
    this.#classes = classes;
    this.#labelCount = labels.length;
    this.#neighbours = metadata.neighbours;
    this.#sharpness = metadata.sharpness;
    this.#smoothing = metadata.smoothing;
    this.#rows = new VectorRows(rowsOf(tensors, count, dimensions));
  }

  /** The share of each label among the nearest examples, in the order of the labels. */
  shares(vector: Float32Array): number[] {
    const near = nearest(this.#rows.similarities(vector), this.#neighbours);
    const shares = new Float64Array(this.#labelCount);
    let sum = 0;
    for (const { place, similarity } of near) {
      const weight = Math.exp(this.#sharpness * similarity);
      const label = this.#classes[place]!;
      shares[label] = shares[label]! + weight;
      sum += weight;
    }
    return Array.from(shares, (share) => share / sum + this.#smoothing);
  }
}

function rowsOf(tensors: TensorFile, count: number, dimensions: number): Float32Array[] {
  const values = tensors.int8('vectors', [count, dimensions]);
  const scales = tensors.floats('scales', [count]);
  return Array.from(scales, (scale, row) => {
    const vector = new Float32Array(dimensions);
    const start = row * dimensions;
    for (let i = 0; i < dimensions; i++) vector[i] = values[start + i]! * scale;
    return vector;
  });
}

interface Near {
  readonly place: number;
  readonly similarity: number;
}

/** The `count` largest similarities, largest first; of equal ones the earlier. */
function nearest(similarities: Float32Array, count: number): readonly Near[] {
  const found: Near[] = [];
  for (let place = 0; place < similarities.length; place++) {
    const similarity = similarities[place]!;
    if (found.length === count && similarity <= found.at(-1)!.similarity) continue;
    let at = found.length;
    while (at > 0 && found[at - 1]!.similarity < similarity) at--;
    found.splice(at, 0, { place, similarity });
    if (found.length > count) found.pop();
  }
  return found;
}
