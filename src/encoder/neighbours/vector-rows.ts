import { KernelFloats, KernelMemory, paddedLength } from '../kernels/kernel-memory.ts';

/** Vectors of unit length that others are compared with. */
export class VectorRows {
  readonly count: number;
  readonly #memory = new KernelMemory();
  readonly #stride: number;
  readonly #rows: KernelFloats;
  readonly #input: KernelFloats;
  readonly #similarities: KernelFloats;

  constructor(vectors: readonly Float32Array[]) {
    this.count = vectors.length;
    const dimensions = vectors[0]?.length ?? 0;
    this.#stride = paddedLength(dimensions);
    this.#rows = new KernelFloats(this.#memory, this.#stride * this.count);
    this.#input = new KernelFloats(this.#memory, dimensions);
    this.#similarities = new KernelFloats(this.#memory, Math.max(1, this.count));
    const rows = this.#rows.view;
    vectors.forEach((vector, i) => rows.set(vector, i * this.#stride));
  }

  /** Cosines with the rows from `start` to before `end`; the array is used again by the next call. */
  similarities(vector: Float32Array, start = 0, end = this.count): Float32Array {
    if (end <= start) return new Float32Array(0);
    this.#input.view.set(vector);
    const { place } = this.#rows;
    const bytes = 4 * this.#stride;
    this.#memory.kernels.multiply(
      place + start * bytes,
      place + end * bytes,
      this.#input.place,
      this.#stride,
      this.#similarities.place,
    );
    return this.#similarities.view.subarray(0, end - start);
  }
}
