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
  /** Sums of the latest parts, in a ring. */
  readonly #parts: readonly KernelFloats[];
  /** The part that each of them is the sum of. */
  readonly #held: Int32Array;
  #ids: Int32Array = new Int32Array(0);
  #edges: readonly number[] = [];

  /** `partsMax`: the longest run. */
  constructor(encoder: StaticEncoder, partsMax: number) {
    this.#encoder = encoder;
    const { memory, dimensions } = encoder;
    const floats = (): KernelFloats => new KernelFloats(memory, dimensions);
    this.#sum = floats();
    this.#parts = Array.from({ length: partsMax }, floats);
    this.#held = new Int32Array(partsMax);
  }

  /** Part i is `[edges[i], edges[i + 1])`. */
  start(ids: Int32Array, edges: readonly number[]): void {
    this.#ids = ids;
    this.#edges = edges;
    this.#held.fill(-1);
  }

  /** Writes the vector of the parts from `first` to before `end` to the floats at `out`. */
  write(first: number, end: number, out: number): void {
    const encoder = this.#encoder;
    if (end === first + 1) {
      encoder.normalise(this.#part(first), out);
      return;
    }
    const sum = this.#sum.place;
    this.#sum.view.fill(0);
    for (let part = first; part < end; part++) {
      encoder.addFloats(sum, this.#part(part));
      if (part > first) encoder.addPair(sum, this.#ids, this.#edges[part]! - 1);
    }
    encoder.normalise(sum, out);
  }

  /** The place of the part's sum. */
  #part(part: number): number {
    const slot = part % this.#parts.length;
    const sum = this.#parts[slot]!;
    if (this.#held[slot] !== part) {
      sum.view.fill(0);
      this.#encoder.addTokens(sum.place, this.#ids, this.#edges[part]!, this.#edges[part + 1]!);
      this.#held[slot] = part;
    }
    return sum.place;
  }
}
