import type { Rng } from '../kernel/index.ts';
import { normalCdf, normalQuantile } from './normal.ts';

/** Independent normals. Deviations are all above zero, or all zero. */
export interface Normals {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

/** No deviation is less than this share of the largest: where one is nearly a step, its chance cannot be summed up. */
const DEVIATION_RATIO_MIN = 0.1;

/** Raises the deviations, in place, to what drawing and chances need; both see the same. */
export function flooredNormals(means: Float64Array, deviations: Float64Array): Normals {
  let most = 0;
  for (let i = 0; i < deviations.length; i++) most = Math.max(most, deviations[i]!);
  for (let i = 0; i < deviations.length; i++) {
    deviations[i] = Math.max(deviations[i]!, DEVIATION_RATIO_MIN * most);
  }
  return { means, deviations };
}

/** The place of the least of one draw of each; of equals the first. */
export function drawLeast({ means, deviations }: Normals, rng: Rng): number {
  let at = 0;
  let least = Infinity;
  for (let i = 0; i < means.length; i++) {
    const drawn = means[i]! + deviations[i]! * standardNormal(rng);
    if (drawn >= least) continue;
    at = i;
    least = drawn;
  }
  return at;
}

const standardNormal = (rng: Rng): number => normalQuantile(Math.max(2 ** -40, rng.next()));

/** Trapezoids between so many deviations on either side; the error is some 1e-4 where a deviation is the least. */
const NODES = 64;
const REACH = 5.5;
/** What came true was not impossible. */
const CHANCE_MIN = 1e-6;

/**
 * P(the normal at `at` is the least of all): `Φ((μ_j − μ_i)/√(σ_i² + σ_j²))` for two; for more,
 * `∫ φ(z) Π_{j≠i} (1 − Φ((μ_i + σ_i·z − μ_j)/σ_j)) dz`.
 */
export function chanceOfLeast({ means, deviations }: Normals, at: number): number {
  const count = means.length;
  const mean = means[at]!;
  const deviation = deviations[at]!;
  if (count === 1) return 1;
  if (deviation === 0) return means.indexOf(Math.min(...means)) === at ? 1 : 0;
  if (count === 2) {
    const other = 1 - at;
    const spread = Math.sqrt(deviation ** 2 + deviations[other]! ** 2);
    return Math.max(CHANCE_MIN, normalCdf((means[other]! - mean) / spread));
  }
  const step = (2 * REACH) / (NODES - 1);
  let sum = 0;
  for (let node = 0; node < NODES; node++) {
    const z = -REACH + node * step;
    let density = Math.exp(-0.5 * z * z);
    for (let j = 0; j < count && density > 1e-12; j++) {
      if (j !== at) density *= normalCdf((means[j]! - mean - deviation * z) / deviations[j]!);
    }
    sum += density;
  }
  return Math.min(1, Math.max(CHANCE_MIN, (sum * step) / Math.sqrt(2 * Math.PI)));
}
