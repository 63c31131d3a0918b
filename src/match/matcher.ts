import { BUCKET_BITS } from './pair.ts';
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
const WORD_SEEN = 1;

/**
 * The chance that the answer to a stored question is that of the asked one: logistic regression on
 * how the words of the two meet, on which words those are, and on the stored question itself. What
 * ships is a prior, and every compared answer moves the weights: `w ← w + step·g/√(Σg²)`.
 */
export class Matcher {
  readonly #dense: Float64Array;
  readonly #denseSeen: Float64Array;
  readonly #words = new Float32Array(1 << BUCKET_BITS);
  readonly #wordsSeen = new Float32Array(1 << BUCKET_BITS).fill(WORD_SEEN);

  constructor(prior: MatcherPrior) {
    this.#dense = prior.weights.slice();
    this.#denseSeen = new Float64Array(PAIR_FEATURE_COUNT).fill(prior.seen);
  }

  /** Log-odds that the two want the same answer. */
  logOdds({ dense, buckets }: QuestionPair): number {
    let sum = 0;
    for (let i = 0; i < dense.length; i++) sum += this.#dense[i]! * dense[i]!;
    for (let i = 0; i < buckets.length; i++) sum += this.#words[buckets[i]!]!;
    return sum;
  }

  learn(pair: QuestionPair, isSame: boolean): void {
    const { dense, buckets } = pair;
    const error = (isSame ? 1 : 0) - chanceOf(this.logOdds(pair));
    for (let i = 0; i < dense.length; i++) {
      const gradient = error * dense[i]!;
      this.#denseSeen[i]! += gradient * gradient;
      this.#dense[i]! += (STEP * gradient) / Math.sqrt(this.#denseSeen[i]!);
    }
    for (let i = 0; i < buckets.length; i++) {
      const at = buckets[i]!;
      this.#wordsSeen[at]! += error * error;
      this.#words[at]! += (WORD_STEP * error) / Math.sqrt(this.#wordsSeen[at]!);
    }
  }
}

export const chanceOf = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));
