import type { TensorFile } from './safetensors.ts';
import { bucketOf, mixToken, ngramHash, pairHash } from './token-hash.ts';

export interface NgramShape {
  readonly orders: readonly number[];
  readonly buckets: number;
}

/**
 * Weights of hashed token n-grams: each distinct bucket of a run of tokens counts once, with the
 * value 1/√(number of distinct buckets). Sums are whole numbers, whatever order they come in.
 */
export class NgramWeights {
  readonly #orders: readonly number[];
  readonly #buckets: number;
  readonly #outputs: number;
  readonly #weights: Int8Array;
  readonly #scales: Float32Array;
  readonly #sums: Float64Array;
  /** Per bucket the number of the run that it was last met in. */
  readonly #lastRuns: Int32Array;
  #run = 0;
  #ids: Int32Array | null = null;
  #start = 0;
  #end = 0;
  #distinct = 0;

  constructor(tensors: TensorFile, { orders, buckets }: NgramShape, outputs: number) {
    this.#orders = orders;
    this.#buckets = buckets;
    this.#outputs = outputs;
    this.#weights = tensors.int8('ngram_weights', [buckets, outputs]);
    this.#scales = tensors.floats('ngram_scales', [outputs]);
    this.#lastRuns = new Int32Array(buckets);
    this.#sums = new Float64Array(outputs);
  }

  /** Reads the run `[start, end)`; one that begins where the latest did and goes on costs what it adds. */
  read(ids: Int32Array, start: number, end: number): void {
    if (this.#ids !== ids || this.#start !== start || this.#end > end) this.#begin(ids, start);
    for (let i = 0; i < this.#orders.length; i++) {
      const order = this.#orders[i]!;
      const from = Math.max(start, this.#end - order + 1);
      if (order === 1) this.#readOnes(ids, from, end);
      else if (order === 2) this.#readPairs(ids, from, end - 1);
      else {
        for (let at = from; at + order <= end; at++) {
          this.#meet(bucketOf(ngramHash(ids, at, order), this.#buckets));
        }
      }
    }
    this.#end = end;
  }

  /** Lets go of the text. */
  forget(): void {
    this.#ids = null;
  }

  #begin(ids: Int32Array, start: number): void {
    this.#ids = ids;
    this.#start = start;
    this.#end = start;
    this.#distinct = 0;
    this.#sums.fill(0);
    if (this.#run === RUNS_MAX) {
      this.#lastRuns.fill(0);
      this.#run = 0;
    }
    this.#run++;
  }

  #readOnes(ids: Int32Array, from: number, end: number): void {
    for (let at = from; at < end; at++) this.#meet(bucketOf(mixToken(1, ids[at]!), this.#buckets));
  }

  #readPairs(ids: Int32Array, from: number, end: number): void {
    for (let at = from; at < end; at++) {
      this.#meet(bucketOf(pairHash(ids[at]!, ids[at + 1]!), this.#buckets));
    }
  }

  addTo(logits: Float64Array): void {
    if (this.#distinct === 0) return;
    const value = 1 / Math.sqrt(this.#distinct);
    for (let i = 0; i < logits.length; i++) logits[i]! += value * this.#scales[i]! * this.#sums[i]!;
  }

  #meet(bucket: number): void {
    if (this.#lastRuns[bucket] === this.#run) return;
    this.#lastRuns[bucket] = this.#run;
    this.#distinct++;
    const outputs = this.#outputs;
    if (outputs === 1) {
      this.#sums[0]! += this.#weights[bucket]!;
      return;
    }
    const at = bucket * outputs;
    for (let i = 0; i < outputs; i++) this.#sums[i]! += this.#weights[at + i]!;
  }
}

const RUNS_MAX = 2 ** 31 - 1;
