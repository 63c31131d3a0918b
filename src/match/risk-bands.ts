import { chanceOf } from './matcher.ts';

/** Log-odds are told apart in steps of `STEP`, from `LOWEST` on. What is below is never served. */
export const LOWEST = -3;
export const STEP = 0.25;
export const BANDS = 48;
/** What the curve says of a band counts as so many compared answers. */
const CURVE_ANSWERS = 20;
/** Beliefs about the curve before there are answers: normal distributions. The matcher's log-odds are taken for less than they say. */
const SLOPE = { mean: 0.7, deviation: 0.3 };
const SHIFT = { mean: 0, deviation: 0.3 };
const SLOPE_LEAST = 0.2;
const SLOPE_MOST = 1.5;
/** The curve is fitted where something might be served. */
const FITTED_FROM = 8;
const NEWTON_STEPS = 3;

/** Below zero: below the lowest band. */
export const bandOf = (logOdds: number): number =>
  Math.min(BANDS - 1, Math.floor((logOdds - LOWEST) / STEP));

const middleOf = (band: number): number => LOWEST + (band + 0.5) * STEP;

/**
 * How often compared answers differed, by bands of the matcher's log-odds: a logistic curve
 * through all bands (Platt 1999), which the answers of a band bend where they are many, and which
 * falls as the log-odds rise. The matcher learns, so what its older log-odds came to fades.
 */
export class RiskBands {
  /** P(wrong) by band. */
  readonly risk = new Float64Array(BANDS);
  readonly #weights = new Float64Array(BANDS);
  readonly #wrong = new Float64Array(BANDS);
  readonly #answers = new Float64Array(BANDS);
  #slope = SLOPE.mean;
  #shift = SHIFT.mean;

  /** `weight`: for how many requests the answer stands. */
  learn(band: number, isSame: boolean, weight: number): void {
    this.#answers[band]!++;
    this.#weights[band]! += weight;
    if (!isSame) this.#wrong[band]! += weight;
  }

  /** All that was seen counts `kept` times as much as before. */
  fade(kept: number): void {
    for (let band = 0; band < BANDS; band++) {
      this.#answers[band]! *= kept;
      this.#weights[band]! *= kept;
      this.#wrong[band]! *= kept;
    }
  }

  /** Pooled adjacent violators. */
  estimate(): void {
    this.#fit();
    const weights: number[] = [];
    const means: number[] = [];
    const sizes: number[] = [];
    for (let band = 0; band < BANDS; band++) {
      const curve = 1 - chanceOf(this.#shift + this.#slope * middleOf(band));
      const answers = this.#answers[band]!;
      const perAnswer = answers > 0 ? this.#weights[band]! / answers : 1;
      const held = CURVE_ANSWERS * perAnswer;
      weights.push(this.#weights[band]! + held);
      means.push((this.#wrong[band]! + held * curve) / (this.#weights[band]! + held));
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
      for (let k = 0; k < sizes[i]!; k++) this.risk[band++] = mean;
    });
  }

  /** Newton's method for `P(same) = 1 / (1 + e^−(shift + slope·logOdds))`, from where the last fit ended. */
  #fit(): void {
    const ofSlope = SLOPE.deviation ** -2;
    const ofShift = SHIFT.deviation ** -2;
    for (let step = 0; step < NEWTON_STEPS; step++) {
      let byShift = (SHIFT.mean - this.#shift) * ofShift;
      let bySlope = (SLOPE.mean - this.#slope) * ofSlope;
      let shiftShift = ofShift;
      let shiftSlope = 0;
      let slopeSlope = ofSlope;
      for (let band = FITTED_FROM; band < BANDS; band++) {
        const answers = this.#answers[band]!;
        if (answers === 0) continue;
        const middle = middleOf(band);
        const chance = chanceOf(this.#shift + this.#slope * middle);
        const error = answers * (1 - this.#wrong[band]! / this.#weights[band]! - chance);
        const variance = answers * chance * (1 - chance);
        byShift += error;
        bySlope += error * middle;
        shiftShift += variance;
        shiftSlope += variance * middle;
        slopeSlope += variance * middle * middle;
      }
      const determinant = shiftShift * slopeSlope - shiftSlope * shiftSlope;
      this.#shift += (slopeSlope * byShift - shiftSlope * bySlope) / determinant;
      const slope = this.#slope + (shiftShift * bySlope - shiftSlope * byShift) / determinant;
      this.#slope = Math.max(SLOPE_LEAST, Math.min(SLOPE_MOST, slope));
    }
  }
}
