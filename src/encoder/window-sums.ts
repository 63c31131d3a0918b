import { KernelFloats } from './kernels/kernel-memory.ts';
import type { StaticEncoder } from './static-encoder.ts';

/**
 * The vectors of runs of neighbouring parts of a text, asked for from left to right. Every part is
 * summed once and shared by the runs over it; nothing is ever taken away again, so that no error of
 * rounding grows.
 */
export class WindowSums {
  readonly #encoder: StaticEncoder;
  readonly #sum: KernelFloats;
  readonly #vector: KernelFloats;
  /** Sums of the latest parts, in a ring. */
  readonly #parts: readonly KernelFloats[];
  #ids: Int32Array = new Int32Array(0);
  #edges: readonly number[] = [];
  #summed = 0;

  /** `partsMax`: the longest run. */
  constructor(encoder: StaticEncoder, partsMax: number) {
    this.#encoder = encoder;
    const { memory, dimensions } = encoder;
    const floats = (): KernelFloats => new KernelFloats(memory, dimensions);
    this.#sum = floats();
    this.#vector = floats();
    this.#parts = Array.from({ length: partsMax }, floats);
  }

  /** Part i is `[edges[i], edges[i + 1])`. */
  start(ids: Int32Array, edges: readonly number[]): void {
    this.#ids = ids;
    this.#edges = edges;
    this.#summed = 0;
  }

  /** Of the parts from `first` to before `end`; the array is used again by the next call. */
  vector(first: number, end: number): Float32Array {
    const encoder = this.#encoder;
    while (this.#summed < end) this.#sumPart(this.#summed++);
    this.#sum.view.fill(0);
    for (let part = first; part < end; part++) {
      encoder.addFloats(this.#sum.place, this.#parts[part % this.#parts.length]!.place);
      if (part === first) continue;
      encoder.addPair(this.#sum.place, this.#ids, this.#edges[part]! - 1);
    }
    encoder.normalise(this.#sum.place, this.#vector.place);
    return this.#vector.view;
  }

  #sumPart(part: number): void {
    const values = this.#parts[part % this.#parts.length]!;
    values.view.fill(0);
    const [start, end] = [this.#edges[part]!, this.#edges[part + 1]!];
    this.#encoder.addTokens(values.place, this.#ids, start, end);
  }
}
