import { chanceOf } from './matcher.ts';

/**
 * Log-odds are told apart in steps of `STEP`, from `LOWEST` on. What is below is never served.
 */
const LOWEST = -3;
const STEP = 0.25;
const BANDS = 48;
/** What the matcher itself says of a band counts as so many compared answers. */
const PRIOR_ANSWERS = 6;
/** Its log-odds are taken for so much of what they say, until compared answers show how good they are. */
const DOUBT = 0.5;
/** Of a normal distribution: 95 % lie below. */
const Z95 = 1.645;
const REVIEW_EVERY = 32;
/** What neighbouring bands, all of whose answers are compared, leave of that variance. */
const POOLED = 0.25;

export type CacheChoice = 'serve' | 'explore' | 'miss';

/**
 * Keeps wrong answers below a share of all requests. It knows, by bands of the matcher's log-odds, how
 * often compared answers differed; it serves the bands from the top down as far as their expected
 * errors fit into what the bound allows for by now,
 *
 * `Σ served P(wrong) ≤ δ·n − z·√(δ·n)`
 *
 * with `n` the requests so far: the second term is what chance may add, with 95 % confidence. Of what
 * would be served, a share goes to a model all the same, and its answer is compared with the stored
 * one: so the knowledge of the served bands is never a guess. Such an answer counts `1/explore` times
 * (inverse propensity), since it stands for those that were not compared.
 */
export class RiskControl {
  readonly #maxErrorRate: number;
  readonly #exploreRatio: number;
  readonly #candidates = new Float64Array(BANDS);
  readonly #weights = new Float64Array(BANDS);
  readonly #wrong = new Float64Array(BANDS);
  readonly #answers = new Float64Array(BANDS);
  readonly #risk = new Float64Array(BANDS);
  #requests = 0;
  #expectedWrong = 0;
  /** Variance of what the explored answers say of the served ones: `Σ 1/explore²` over those that differed. */
  #variance = 0;
  /** The served errors that the explored ones stand for: what was expected may have been too little. */
  #seenWrong = 0;
  #threshold = Number.POSITIVE_INFINITY;
  #reviewAt = 0;

  constructor(options: { readonly maxErrorRate: number; readonly exploreRatio: number }) {
    this.#maxErrorRate = options.maxErrorRate;
    this.#exploreRatio = options.exploreRatio;
  }

  /** Counts a request; those without a candidate earn error budget like the others. */
  countRequest(): void {
    this.#requests++;
  }

  /** P(wrong) of a candidate by what is known of its band. */
  wrongOf(logOdds: number): number {
    this.#review();
    const band = bandOf(logOdds);
    return band < 0 ? 1 - chanceOf(logOdds) : this.#risk[band]!;
  }

  /** `draw`: uniform in [0, 1). */
  choose(logOdds: number, draw: number): CacheChoice {
    this.#review();
    const band = bandOf(logOdds);
    if (band >= 0) this.#candidates[band]!++;
    if (band < 0 || logOdds < this.#threshold) return 'miss';
    if (draw < this.#exploreRatio) return 'explore';
    const wrong = this.#risk[band]!;
    const spent = Math.max(this.#expectedWrong, this.#seenWrong - Math.sqrt(this.#variance));
    if (spent + wrong > this.#allowance()) return 'miss';
    return 'serve';
  }

  served(wrong: number): void {
    this.#expectedWrong += wrong;
  }

  /** A fresh answer was compared with the stored one. `isExplored`: the stored one would have been served. */
  learn(logOdds: number, isSame: boolean, isExplored: boolean): void {
    const band = bandOf(logOdds);
    if (band < 0) return;
    const weight = isExplored ? 1 / this.#exploreRatio : 1;
    if (isExplored && !isSame) {
      this.#variance += weight * weight;
      this.#seenWrong += weight - 1;
    }
    this.#answers[band]!++;
    this.#weights[band]! += weight;
    if (!isSame) this.#wrong[band]! += weight;
  }

  #allowance(): number {
    const errors = this.#maxErrorRate * this.#requests;
    return errors - Z95 * Math.sqrt(errors + POOLED * this.#variance);
  }

  #review(): void {
    if (this.#requests < this.#reviewAt) return;
    this.#reviewAt = this.#requests + REVIEW_EVERY;
    this.#estimate();
    const total = this.#requests;
    const target = Math.max(0, this.#allowance());
    let errors = 0;
    this.#threshold = Number.POSITIVE_INFINITY;
    for (let band = BANDS - 1; band >= 0; band--) {
      const added = this.#candidates[band]! * this.#risk[band]!;
      if (total > 0 && errors + added > target) {
        const room = added > 0 ? (target - errors) / added : 0;
        if (room > 0) this.#threshold = LOWEST + (band + 1 - room) * STEP;
        break;
      }
      errors += added;
      this.#threshold = LOWEST + band * STEP;
    }
  }

  /** P(wrong) by band: falls as the log-odds rise (pooled adjacent violators). */
  #estimate(): void {
    const weights: number[] = [];
    const means: number[] = [];
    const sizes: number[] = [];
    for (let band = 0; band < BANDS; band++) {
      const prior = 1 - chanceOf(DOUBT * (LOWEST + (band + 0.5) * STEP));
      const answers = this.#answers[band] ?? 0;
      const perAnswer = answers === 0 ? 1 : this.#weights[band]! / answers;
      const held = PRIOR_ANSWERS * perAnswer;
      weights.push(this.#weights[band]! + held);
      means.push((this.#wrong[band]! + held * prior) / (this.#weights[band]! + held));
      sizes.push(1);
      while (means.length > 1 && means.at(-2)! < means.at(-1)!) {
        const weight = weights.pop()!;
        const mean = means.pop()!;
        const size = sizes.pop()!;
        const last = means.length - 1;
        const sum = weights[last]! + weight;
        means[last] = (means[last]! * weights[last]! + mean * weight) / sum;
        weights[last] = sum;
        sizes[last]! += size;
      }
    }
    let band = 0;
    means.forEach((mean, i) => {
      for (let k = 0; k < sizes[i]!; k++) this.#risk[band++] = mean;
    });
  }
}

/** Below zero: below the lowest band. */
const bandOf = (logOdds: number): number =>
  Math.min(BANDS - 1, Math.floor((logOdds - LOWEST) / STEP));
