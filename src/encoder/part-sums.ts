import { KernelFloats } from './kernels/kernel-memory.ts';
import type { StaticEncoder } from './static-encoder.ts';

/** How many of the latest sums are kept. */
const KEPT = 256;

/**
 * The sums of neighbouring parts of a text. All runs of the text's tokens are put together from
 * these, so that no token is added up more than once as long as the runs are asked for from left to right.
 */
export class PartSums {
  readonly encoder: StaticEncoder;
  /** In a ring. */
  readonly #sums: readonly KernelFloats[];
  /** The part that each of them is the sum of. */
  readonly #held = new Int32Array(KEPT);
  #ids: Int32Array = new Int32Array(0);
  #edges: readonly number[] = [];

  constructor(encoder: StaticEncoder) {
    this.encoder = encoder;
    const { memory, dimensions } = encoder;
    this.#sums = Array.from({ length: KEPT }, () => new KernelFloats(memory, dimensions));
  }

  /** Part i is `[edges[i], edges[i + 1])`. */
  start(ids: Int32Array, edges: readonly number[]): void {
    this.#ids = ids;
    this.#edges = edges;
    this.#held.fill(-1);
  }

  /** The place of the part's sum. */
  at(part: number): number {
    const slot = part % KEPT;
    const sum = this.#sums[slot]!;
    if (this.#held[slot] !== part) {
      sum.view.fill(0);
      this.encoder.addTokens(sum.place, this.#ids, this.#edges[part]!, this.#edges[part + 1]!);
      this.#held[slot] = part;
    }
    return sum.place;
  }

  /** Adds the parts from `first` to before `end`, and what neighbouring tokens of two of them say together. */
  addTo(sum: number, first: number, end: number): void {
    for (let part = first; part < end; part++) {
      this.encoder.addFloats(sum, this.at(part));
      if (part > first) this.join(sum, part);
    }
  }

  /** Adds what the last token before the part and its first one say together. */
  join(sum: number, part: number): void {
    this.encoder.addPair(sum, this.#ids, this.#edges[part]! - 1);
  }
}

/** Both lists of edges as one, each edge once. */
export function joinedEdges(a: readonly number[], b: readonly number[]): number[] {
  const joined: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const next = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    joined.push(next);
    if (a[i] === next) i++;
    if (b[j] === next) j++;
  }
  return joined;
}
