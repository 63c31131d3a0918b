import type { TensorFile } from './safetensors.ts';
import { bucketOf, ngramHash } from './token-hash.ts';

export interface NgramShape {
  readonly orders: readonly number[];
  readonly buckets: number;
}

/**
 * Weights of hashed token n-grams: each distinct bucket of a run of tokens counts once, with the
 * value 1/√(number of distinct buckets). The run is a window that slides: what enters is added and
 * what leaves taken away, in whole numbers, so that a long text costs no more than its length.
 */
export class NgramWeights {
  readonly #orders: readonly number[];
  readonly #buckets: number;
  readonly #outputs: number;
  readonly #weights: Int8Array;
  readonly #scales: Float32Array;
  readonly #counts: Int32Array;
  readonly #sums: Float64Array;
  #distinct = 0;
  #start = 0;
  #end = 0;

  constructor(tensors: TensorFile, { orders, buckets }: NgramShape, outputs: number) {
    this.#orders = orders;
    this.#buckets = buckets;
    this.#outputs = outputs;
    this.#weights = tensors.int8('ngram_weights', [buckets, outputs]);
    this.#scales = tensors.floats('ngram_scales', [outputs]);
    this.#counts = new Int32Array(buckets);
    this.#sums = new Float64Array(outputs);
  }

  /** Moves the window to `[start, end)`; neither may be before where it was. */
  slide(ids: Int32Array, start: number, end: number): void {
    for (const order of this.#orders) {
      const behind = this.#end - order + 1;
      const gone = Math.min(start, behind);
      for (let at = this.#start; at < gone; at++) this.#leave(ngramHash(ids, at, order));
      const from = Math.max(start, behind);
      for (let at = from; at + order <= end; at++) this.#enter(ngramHash(ids, at, order));
    }
    this.#start = start;
    this.#end = end;
  }

  /** Empties the window; the next text begins at its first token. */
  clear(ids: Int32Array): void {
    for (const order of this.#orders) {
      for (let at = this.#start; at + order <= this.#end; at++) {
        this.#leave(ngramHash(ids, at, order));
      }
    }
    this.#start = 0;
    this.#end = 0;
  }

  addTo(logits: Float64Array): void {
    if (this.#distinct === 0) return;
    const value = 1 / Math.sqrt(this.#distinct);
    for (let i = 0; i < logits.length; i++) logits[i]! += value * this.#scales[i]! * this.#sums[i]!;
  }

  #enter(hash: number): void {
    const bucket = bucketOf(hash, this.#buckets);
    if (this.#counts[bucket]!++ !== 0) return;
    this.#distinct++;
    this.#weigh(bucket, 1);
  }

  #leave(hash: number): void {
    const bucket = bucketOf(hash, this.#buckets);
    if (--this.#counts[bucket]! !== 0) return;
    this.#distinct--;
    this.#weigh(bucket, -1);
  }

  #weigh(bucket: number, sign: number): void {
    const outputs = this.#outputs;
    const at = bucket * outputs;
    for (let i = 0; i < outputs; i++) this.#sums[i]! += sign * this.#weights[at + i]!;
  }
}
