import { CROSS_CELLS, CROSS_COUNT, cellOf } from './feature-crosses.ts';
import type { QuestionPair } from './pair.ts';
import { PAIR_FEATURE_COUNT } from './pair-features.ts';

/** What ships: the weights that every matcher begins with, in the order of `PAIR_FEATURES`. */
export interface MatcherPrior {
  readonly weights: Float64Array;
  /** How much of what comes after counts against what ships: squared gradients that were seen. */
  readonly seen: number;
}

/** Steps of Adagrad (Duchi et al. 2011). Those of words are bounded by how rare words are. */
const STEP = 0.1;
const WORD_STEP = 0.2;
const CROSS_STEP = 0.05;
const SEEN = 1;

/** Rows of words, as a power of two: at first, and at most. */
const FIRST_ROWS = 1 << 14;
const ROWS_MAX = 1 << 18;
/** Compared pairs bring about so many words of their own: for more of them the table grows. */
const ROWS_PER_PAIR = 256;

/**
 * The chance that the answer to a stored question is that of the asked one: logistic regression on
 * how the words of the two meet, on which words and runs of words those are, and on the stored
 * question itself. What ships is a prior, and every compared answer moves the weights:
 * `w ← w + step·g/√(Σg²)`.
 */
export class Matcher {
  readonly #dense: Float64Array;
  readonly #denseSeen: Float64Array;
  readonly #crosses = new Float64Array(CROSS_CELLS);
  readonly #crossesSeen = new Float64Array(CROSS_CELLS).fill(SEEN);
  #words = new Float32Array(FIRST_ROWS);
  #wordsSeen = new Float32Array(FIRST_ROWS).fill(SEEN);
  #learned = 0;

  constructor(prior: MatcherPrior) {
    this.#dense = prior.weights.slice();
    this.#denseSeen = new Float64Array(PAIR_FEATURE_COUNT).fill(prior.seen);
  }

  /** Log-odds that the two want the same answer. */
  logOdds({ dense, buckets }: QuestionPair): number {
    const words = this.#words;
    const mask = words.length - 1;
    let sum = 0;
    for (let i = 0; i < PAIR_FEATURE_COUNT; i++) sum += this.#dense[i]! * dense[i]!;
    for (let i = 0; i < CROSS_COUNT; i++) sum += this.#crosses[cellOf(i, dense)]!;
    for (let i = 0; i < buckets.length; i++) sum += words[buckets[i]! & mask]!;
    return sum;
  }

  /** A pair whose features are not this program's teaches nothing. */
  learn(pair: QuestionPair, isSame: boolean): void {
    const { dense, buckets } = pair;
    if (dense.length !== PAIR_FEATURE_COUNT) return;
    const error = (isSame ? 1 : 0) - chanceOf(this.logOdds(pair));
    for (let i = 0; i < PAIR_FEATURE_COUNT; i++) {
      const gradient = error * dense[i]!;
      this.#denseSeen[i]! += gradient * gradient;
      this.#dense[i]! += (STEP * gradient) / Math.sqrt(this.#denseSeen[i]!);
    }
    const square = error * error;
    for (let i = 0; i < CROSS_COUNT; i++) {
      const at = cellOf(i, dense);
      this.#crossesSeen[at]! += square;
      this.#crosses[at]! += (CROSS_STEP * error) / Math.sqrt(this.#crossesSeen[at]!);
    }
    const mask = this.#words.length - 1;
    for (let i = 0; i < buckets.length; i++) {
      const at = buckets[i]! & mask;
      this.#wordsSeen[at]! += square;
      this.#words[at]! += (WORD_STEP * error) / Math.sqrt(this.#wordsSeen[at]!);
    }
    this.#learned++;
    if (this.#learned * ROWS_PER_PAIR > this.#words.length) this.#grow();
  }

  /** A row is told by the lower bits of a hash; with one bit more, both rows that it comes to begin with what it was. */
  #grow(): void {
    if (this.#words.length === ROWS_MAX) return;
    this.#words = twice(this.#words);
    this.#wordsSeen = twice(this.#wordsSeen);
  }
}

function twice(rows: Float32Array): Float32Array<ArrayBuffer> {
  const all = new Float32Array(2 * rows.length);
  all.set(rows);
  all.set(rows, rows.length);
  return all;
}

export const chanceOf = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));
