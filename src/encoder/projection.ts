import { z } from 'zod';
import { readMetadata } from './model-metadata.ts';
import { TensorFile } from './safetensors.ts';

const metadataSchema = z.object({
  kind: z.literal('projection'),
  version: z.literal(1),
  encoder: z.string().min(1),
  dimensions: z.int().min(1).max(4096),
  size: z.int().min(1).max(64),
});

/** Brings sentence vectors to the few numbers in which texts differ most, each of unit variance over texts of many kinds. */
export class Projection {
  readonly size: number;
  readonly #axes: Float32Array;
  readonly #offset: Float32Array;
  readonly #dimensions: number;

  /** Throws `BRS_MODEL_FILE` where the bytes are no projection, or one of another encoder. */
  constructor(
    file: string,
    bytes: Uint8Array,
    encoder: { readonly name: string; readonly dimensions: number },
  ) {
    const tensors = new TensorFile(file, bytes);
    const { size, dimensions, encoder: name } = readMetadata(tensors, metadataSchema);
    if (name !== encoder.name || dimensions !== encoder.dimensions) {
      throw tensors.fault(`it was made for ${name}, and here is ${encoder.name}`);
    }
    this.size = size;
    this.#dimensions = dimensions;
    this.#axes = tensors.floats('axes', [size, dimensions]);
    this.#offset = tensors.floats('offset', [size]);
  }

  /** Writes `size` numbers from `at` on. */
  write(vector: Float32Array, out: Float32Array, at: number): void {
    const dimensions = this.#dimensions;
    for (let k = 0, from = 0; k < this.size; k++, from += dimensions) {
      let sum = this.#offset[k]!;
      for (let j = 0; j < dimensions; j++) sum += this.#axes[from + j]! * vector[j]!;
      out[at + k] = sum;
    }
  }
}
