import type { FeatureRows } from './feature-rows.ts';
import { GRAM_BUCKETS } from './text-grams.ts';

/** Columns of a linear map: first those of the grams' buckets, then those of the dense features. */
export interface LinearMap {
  readonly outputs: number;
  /** `(buckets + width) × outputs`. */
  readonly weights: Float32Array;
}

/** Features of which some rows are learned from. */
export interface Design {
  readonly features: FeatureRows;
  readonly worths: Float32Array;
  readonly rows: readonly number[];
}

export interface RidgeTargets {
  readonly outputs: number;
  /** Row after row, as in `rows` of the design. */
  readonly values: Float32Array;
  /** How strongly each output's weights are held down. */
  readonly ridge: ArrayLike<number>;
}

const STEPS = 10;
const RESIDUE_MIN = 1e-5;

/**
 * Least squares with the penalty `ridge · |w|²` by conjugate gradients on the normal equations, all outputs
 * side by side; stops early after `STEPS`, which only holds the weights down a little more.
 */
export function fitRidge(design: Design, { outputs, values, ridge }: RidgeTargets): LinearMap {
  const size = (GRAM_BUCKETS + design.features.width) * outputs;
  const weights = new Float32Array(size);
  const image = new Float32Array(design.rows.length * outputs);
  const residue = new Float32Array(size);
  addTransposed(design, values, residue, outputs);
  const direction = residue.slice();
  const product = new Float32Array(size);
  let squares = columnProducts(residue, residue, outputs);
  const first = squares.slice();
  for (let step = 0; step < STEPS; step++) {
    applyMap(design, { outputs, weights: direction }, image);
    product.fill(0);
    addTransposed(design, image, product, outputs);
    addScaled(product, direction, Float64Array.from(ridge));
    const curvature = columnProducts(direction, product, outputs);
    const stride = squares.map((square, k) =>
      square <= RESIDUE_MIN * first[k]! || curvature[k] === 0 ? 0 : square / curvature[k]!,
    );
    if (stride.every((length) => length === 0)) break;
    addScaled(weights, direction, stride);
    addScaled(
      residue,
      product,
      stride.map((length) => -length),
    );
    const next = columnProducts(residue, residue, outputs);
    turn(
      direction,
      residue,
      next.map((square, k) => (squares[k] === 0 ? 0 : square / squares[k]!)),
    );
    squares = next;
  }
  return { outputs, weights };
}

/** What the map says of the design's rows, row after row. */
export function applyMap(
  { features, worths, rows }: Design,
  { outputs, weights }: LinearMap,
  image: Float32Array,
): void {
  const { starts, buckets, dense, width } = features;
  const sums = new Float64Array(outputs);
  rows.forEach((row, at) => {
    sums.fill(0);
    const [start, end] = [starts[row]!, starts[row + 1]!];
    const unit = gramUnit(end - start);
    for (let i = start; i < end; i++) {
      const bucket = buckets[i]!;
      const value = unit * worths[bucket]!;
      const from = bucket * outputs;
      if (value !== 0) for (let k = 0; k < outputs; k++) sums[k]! += value * weights[from + k]!;
    }
    for (let j = 0; j < width; j++) {
      const value = dense[row * width + j]!;
      const from = (GRAM_BUCKETS + j) * outputs;
      for (let k = 0; k < outputs; k++) sums[k]! += value * weights[from + k]!;
    }
    image.set(sums, at * outputs);
  });
}

/** A row's grams are brought to about unit length, however many there are. */
export const gramUnit = (count: number): number => (count === 0 ? 0 : 1 / Math.sqrt(count));

function addTransposed(
  { features, worths, rows }: Design,
  values: Float32Array,
  sums: Float32Array,
  outputs: number,
): void {
  const { starts, buckets, dense, width } = features;
  const own = new Float64Array(outputs);
  rows.forEach((row, at) => {
    for (let k = 0; k < outputs; k++) own[k] = values[at * outputs + k]!;
    const [start, end] = [starts[row]!, starts[row + 1]!];
    const unit = gramUnit(end - start);
    for (let i = start; i < end; i++) {
      const bucket = buckets[i]!;
      const value = unit * worths[bucket]!;
      const to = bucket * outputs;
      if (value !== 0) for (let k = 0; k < outputs; k++) sums[to + k]! += value * own[k]!;
    }
    for (let j = 0; j < width; j++) {
      const value = dense[row * width + j]!;
      const to = (GRAM_BUCKETS + j) * outputs;
      for (let k = 0; k < outputs; k++) sums[to + k]! += value * own[k]!;
    }
  });
}

function columnProducts(a: Float32Array, b: Float32Array, outputs: number): Float64Array {
  const sums = new Float64Array(outputs);
  for (let i = 0; i < a.length; i += outputs) {
    for (let k = 0; k < outputs; k++) sums[k]! += a[i + k]! * b[i + k]!;
  }
  return sums;
}

/** `to += factor · from`, with a factor per output. */
function addScaled(to: Float32Array, from: Float32Array, factors: Float64Array): void {
  const outputs = factors.length;
  for (let i = 0; i < to.length; i += outputs) {
    for (let k = 0; k < outputs; k++) to[i + k]! += factors[k]! * from[i + k]!;
  }
}

/** `direction = residue + factor · direction`. */
function turn(direction: Float32Array, residue: Float32Array, factors: Float64Array): void {
  const outputs = factors.length;
  for (let i = 0; i < direction.length; i += outputs) {
    for (let k = 0; k < outputs; k++) {
      direction[i + k] = residue[i + k]! + factors[k]! * direction[i + k]!;
    }
  }
}
