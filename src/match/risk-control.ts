import { chanceOf } from './matcher.ts';
import { BANDS, LOWEST, RiskBands, STEP, bandOf } from './risk-bands.ts';

/** Of a normal distribution: 99 % lie below. */
const Z99 = 2.33;
const REVIEW_EVERY = 32;
/** After so many requests, what was seen counts half: of the answers, and of what was asked. */
const ANSWERS_HALVED = 16_000;
const ASKED_HALVED = 4_000;
const ANSWERS_KEPT = 0.5 ** (REVIEW_EVERY / ANSWERS_HALVED);
const ASKED_KEPT = 0.5 ** (REVIEW_EVERY / ASKED_HALVED);
/** What was allowed for and not used is used up over so much of the requests so far, but no fewer than the second. */
const CATCH_UP_SHARE = 0.25;
const CATCH_UP_LEAST = 256;
/** By how much the bands may be off on the whole, before explored answers tell: a share of the errors that they expect. */
const BANDS_OFF = 0.15;
/** And where few wrong answers were seen, by more: of a variance of so much for each error that they expect. */
const BANDS_OFF_PER_ERROR = 2;

export type CacheChoice = 'serve' | 'explore' | 'miss';

/**
 * Keeps wrong answers below a share of all requests. It knows, by bands of the matcher's log-odds, how
 * often compared answers differed; it serves the bands from the top down as far as their expected
 * errors fit into what the bound allows for by now,
 *
 * `E[errors served] ≤ δ·n − z·√(δ·n + V)`
 *
 * with `n` the requests so far: the second term is what chance may add, and what is not known of the
 * bands. Of what would be served, a share goes to a model all the same, and its answer is compared with
 * the stored one: so the knowledge of the served bands is never a guess. Such an answer stands for
 * `1/explore` others (inverse propensity). The errors of those that were served are what the bands
 * expect, `W`, and what explored answers add to it (doubly robust): `C = Σ (wrong − P(wrong))·(1/explore − 1)`
 * of variance `v`. As `W` is believed to be right within a variance of `s² = (0.15·W)² + 2·W`,
 *
 * `E[errors served] = W + C·s²/(s² + v)`, `V = s²·v/(s² + v)`.
 */
export class RiskControl {
  readonly #maxErrorRate: number;
  readonly #exploreRatio: number;
  readonly #bands = new RiskBands();
  /** Candidates by band, and the requests that they came from; fading. */
  readonly #candidates = new Float64Array(BANDS);
  #asked = 0;
  #requests = 0;
  #expectedWrong = 0;
  #exploredMore = 0;
  #exploredVariance = 0;
  #threshold = Number.POSITIVE_INFINITY;
  #reviewAt = 0;

  constructor(options: { readonly maxErrorRate: number; readonly exploreRatio: number }) {
    this.#maxErrorRate = options.maxErrorRate;
    this.#exploreRatio = options.exploreRatio;
  }

  /** Counts a request; those without a candidate earn error budget like the others. */
  countRequest(): void {
    this.#requests++;
    this.#asked++;
  }

  /** Errors that are expected in what was served, and that the bound allows in the requests so far. */
  get errors(): { readonly expected: number; readonly allowed: number } {
    const expected = this.#expectedWrong + this.#known() * this.#exploredMore;
    return { expected: Math.max(0, expected), allowed: this.#maxErrorRate * this.#requests };
  }

  /** P(wrong) of a candidate by what is known of its band. */
  wrongOf(logOdds: number): number {
    this.#review();
    const band = bandOf(logOdds);
    return band < 0 ? 1 - chanceOf(logOdds) : this.#bands.risk[band]!;
  }

  /** `draw`: uniform in [0, 1). */
  choose(logOdds: number, draw: number): CacheChoice {
    this.#review();
    const band = bandOf(logOdds);
    if (band >= 0) this.#candidates[band]!++;
    if (band < 0 || logOdds < this.#threshold) return 'miss';
    if (draw < this.#exploreRatio) return 'explore';
    return this.#room() < this.#bands.risk[band]! ? 'miss' : 'serve';
  }

  served(wrong: number): void {
    this.#expectedWrong += wrong;
  }

  /** A fresh answer was compared with the stored one. `isExplored`: the stored one would have been served. */
  learn(logOdds: number, isSame: boolean, isExplored: boolean): void {
    const band = bandOf(logOdds);
    if (band < 0) return;
    const weight = isExplored ? 1 / this.#exploreRatio : 1;
    if (isExplored) {
      const risk = this.#bands.risk[band]!;
      this.#exploredMore += (weight - 1) * ((isSame ? 0 : 1) - risk);
      this.#exploredVariance += weight * weight * risk * (1 - risk);
    }
    this.#bands.learn(band, isSame, weight);
  }

  /** How much of what explored answers add is believed: `s²/(s² + v)`. */
  #known(): number {
    const expected = this.#expectedWrong;
    const off = (BANDS_OFF * expected) ** 2 + BANDS_OFF_PER_ERROR * expected;
    return off === 0 ? 0 : off / (off + this.#exploredVariance);
  }

  /** Errors that may still be made; where what is allowed for has grown so many times, by then. */
  #room(growth = 1): number {
    const known = this.#known();
    const spent = this.#expectedWrong + known * this.#exploredMore;
    const errors = this.#maxErrorRate * this.#requests;
    const margin = Z99 * Math.sqrt(errors + known * this.#exploredVariance);
    return growth * (errors - margin) - spent;
  }

  #review(): void {
    if (this.#requests < this.#reviewAt) return;
    this.#reviewAt = this.#requests + REVIEW_EVERY;
    this.#bands.fade(ANSWERS_KEPT);
    this.#bands.estimate();
    this.#asked *= ASKED_KEPT;
    for (let band = 0; band < BANDS; band++) this.#candidates[band]! *= ASKED_KEPT;
    const ahead = Math.max(CATCH_UP_LEAST, CATCH_UP_SHARE * this.#requests);
    const room = this.#room(1 + ahead / Math.max(1, this.#requests));
    const target = (this.#asked / ahead) * Math.max(0, room);
    let errors = 0;
    this.#threshold = Number.POSITIVE_INFINITY;
    for (let band = BANDS - 1; band >= 0; band--) {
      const added = this.#candidates[band]! * this.#bands.risk[band]!;
      if (errors + added > target) {
        const left = added > 0 ? (target - errors) / added : 0;
        if (left > 0) this.#threshold = LOWEST + (band + 1 - left) * STEP;
        break;
      }
      errors += added;
      this.#threshold = LOWEST + band * STEP;
    }
  }
}
