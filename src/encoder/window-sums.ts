import { KernelFloats } from './kernels/kernel-memory.ts';
import type { PartSums } from './part-sums.ts';

/**
 * The vectors of runs of neighbouring stretches of a text, asked for from left to right. A stretch is
 * one or several parts; its sum is shared by the runs over it. Nothing is ever taken away again, so
 * that no error of rounding grows.
 */
export class WindowSums {
  readonly #parts: PartSums;
  readonly #sum: KernelFloats;
  /** Sums of the latest stretches, in a ring. */
  readonly #stretches: readonly KernelFloats[];
  /** The stretch that each of them is the sum of. */
  readonly #held: Int32Array;
  /** The part with which each stretch begins, and behind the last the number of parts. */
  #firsts: readonly number[] = [];

  /** `stretchesMax`: the longest run. */
  constructor(parts: PartSums, stretchesMax: number) {
    this.#parts = parts;
    const { memory, dimensions } = parts.encoder;
    const floats = (): KernelFloats => new KernelFloats(memory, dimensions);
    this.#sum = floats();
    this.#stretches = Array.from({ length: stretchesMax }, floats);
    this.#held = new Int32Array(stretchesMax);
  }

  /** `edges` of the stretches; those of the parts, from 0 on, hold them all. */
  start(edges: readonly number[], partEdges: readonly number[]): void {
    let part = 0;
    this.#firsts = edges.map((edge) => {
      while (partEdges[part]! < edge) part++;
      return part;
    });
    this.#held.fill(-1);
  }

  /** Writes the vector of the stretches from `first` to before `end` to the floats at `out`. */
  write(first: number, end: number, out: number): void {
    const { encoder } = this.#parts;
    if (end === first + 1) {
      encoder.normalise(this.#stretch(first), out);
      return;
    }
    const sum = this.#sum.place;
    this.#sum.view.fill(0);
    for (let at = first; at < end; at++) {
      encoder.addFloats(sum, this.#stretch(at));
      if (at > first) this.#parts.join(sum, this.#firsts[at]!);
    }
    encoder.normalise(sum, out);
  }

  /** The place of the stretch's sum. */
  #stretch(at: number): number {
    const [first, end] = [this.#firsts[at]!, this.#firsts[at + 1]!];
    if (end === first + 1) return this.#parts.at(first);
    const slot = at % this.#stretches.length;
    const sum = this.#stretches[slot]!;
    if (this.#held[slot] !== at) {
      sum.view.fill(0);
      this.#parts.addTo(sum.place, first, end);
      this.#held[slot] = at;
    }
    return sum.place;
  }
}
