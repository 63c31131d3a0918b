import { factorise, inverseOf, solveFactored } from './dense-algebra.ts';
import type { Square } from './dense-algebra.ts';

/** What is believed of a model's weights before it was seen: independent normals. */
export interface CurvePrior {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** P(correct) = σ(weights · (1, item)), with the covariance of the weights. */
export interface AccuracyCurve {
  readonly weights: Float64Array;
  readonly covariance: Square;
}

/** Items row after row, each of `size` numbers, and how well the model did on each, 0–1. */
export interface CurveData {
  readonly items: Float32Array;
  readonly size: number;
  /** Which rows of `items`. */
  readonly rows: ArrayLike<number>;
  readonly correct: ArrayLike<number>;
}

const NEWTON_STEPS = 12;
const STEP_MIN = 1e-3;

export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** The likeliest weights by Newton's method, and Laplace's approximation of their posterior. */
export function fitCurve(
  data: CurveData,
  prior: CurvePrior,
  start: Float64Array = prior.mean,
): AccuracyCurve {
  const width = data.size + 1;
  const weights = start.slice();
  let hessian = new Float64Array(width * width);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const gradient = new Float64Array(width);
    hessian = new Float64Array(width * width);
    for (let j = 0; j < width; j++) {
      gradient[j] = (prior.mean[j]! - weights[j]!) / prior.variance[j]!;
      hessian[j * width + j] = 1 / prior.variance[j]!;
    }
    addLikelihood(data, weights, gradient, hessian);
    factorise(hessian, width);
    solveFactored(hessian, width, gradient);
    let longest = 0;
    for (let j = 0; j < width; j++) {
      weights[j]! += gradient[j]!;
      longest = Math.max(longest, Math.abs(gradient[j]!));
    }
    if (longest < STEP_MIN) break;
  }
  return { weights, covariance: inverseOf(hessian, width) };
}

function addLikelihood(
  { items, size, rows, correct }: CurveData,
  weights: Float64Array,
  gradient: Float64Array,
  hessian: Square,
): void {
  const width = size + 1;
  const x = new Float64Array(width);
  x[0] = 1;
  for (let at = 0; at < rows.length; at++) {
    const from = rows[at]! * size;
    let logit = weights[0]!;
    for (let j = 0; j < size; j++) {
      x[j + 1] = items[from + j]!;
      logit += weights[j + 1]! * items[from + j]!;
    }
    const p = sigmoid(logit);
    const miss = correct[at]! - p;
    const spread = Math.max(1e-6, p * (1 - p));
    for (let j = 0; j < width; j++) {
      const own = spread * x[j]!;
      gradient[j]! += miss * x[j]!;
      for (let k = 0; k <= j; k++) hessian[j * width + k]! += own * x[k]!;
    }
  }
}

const PRIOR_ROUNDS = 6;
const INTERCEPT_VARIANCE_MIN = 1;
const SLOPE_VARIANCE_MIN = 0.0003;

export interface Population {
  readonly prior: CurvePrior;
  readonly curves: readonly AccuracyCurve[];
}

/** Fits all models, and by expectation-maximisation what they have in common, which a new model starts from. */
export function fitPopulation(
  models: readonly CurveData[],
  size: number,
  onModel: () => void = () => {},
): Population {
  const width = size + 1;
  let prior: CurvePrior = {
    mean: new Float64Array(width),
    variance: new Float64Array(width).fill(0.1).fill(4, 0, 1),
  };
  let curves: readonly AccuracyCurve[] = [];
  for (let round = 0; round < PRIOR_ROUNDS; round++) {
    const own = prior;
    curves = models.map((data, m) => {
      onModel();
      return fitCurve(data, own, curves[m]?.weights);
    });
    if (round + 1 < PRIOR_ROUNDS) prior = priorOf(curves, width);
  }
  return { prior, curves };
}

function priorOf(curves: readonly AccuracyCurve[], width: number): CurvePrior {
  const mean = new Float64Array(width);
  const variance = new Float64Array(width);
  const count = curves.length;
  for (let j = 0; j < width; j++) {
    for (const { weights } of curves) mean[j]! += weights[j]! / count;
    for (const { weights, covariance } of curves) {
      variance[j]! += ((weights[j]! - mean[j]!) ** 2 + covariance[j * width + j]!) / count;
    }
    const least = j === 0 ? INTERCEPT_VARIANCE_MIN : SLOPE_VARIANCE_MIN;
    variance[j] = Math.max(least, variance[j]!);
  }
  return { mean, variance };
}

/** Mean and deviation of P(correct) under the uncertainty of the weights (MacKay's approximation of the integral). */
export function curveAt(
  { weights, covariance }: AccuracyCurve,
  item: ArrayLike<number>,
): { readonly mean: number; readonly deviation: number } {
  const width = weights.length;
  let [logit, variance] = [0, 0];
  for (let j = 0; j < width; j++) {
    const own = j === 0 ? 1 : item[j - 1]!;
    logit += weights[j]! * own;
    let sum = 0;
    for (let k = 0; k < width; k++) {
      sum += covariance[j * width + k]! * (k === 0 ? 1 : item[k - 1]!);
    }
    variance += own * sum;
  }
  const mean = sigmoid(logit / Math.sqrt(1 + (Math.PI / 8) * variance));
  return { mean, deviation: mean * (1 - mean) * Math.sqrt(Math.max(0, variance)) };
}
