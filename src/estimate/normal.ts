/** The standard normal distribution: what turns a mean and a deviation into a promise. */

const SQRT_TWO_PI = 2.5066282746310002;

function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / SQRT_TWO_PI;
}

/** P(Z ≤ z): Hart's rational approximation as given by G. West, "Better approximations to cumulative normal functions" (2005); absolute error below 1e-14. */
export function normalCdf(z: number): number {
  const x = Math.abs(z);
  if (!(x <= 37)) return z > 0 ? 1 : 0;
  const upper = x < 7.07106781186547 ? rationalTail(x) : fractionTail(x);
  return z > 0 ? 1 - upper : upper;
}

function rationalTail(x: number): number {
  let top = 3.52624965998911e-2 * x + 0.700383064443688;
  top = top * x + 6.37396220353165;
  top = top * x + 33.912866078383;
  top = top * x + 112.079291497871;
  top = top * x + 221.213596169931;
  top = top * x + 220.206867912376;
  let bottom = 8.83883476483184e-2 * x + 1.75566716318264;
  bottom = bottom * x + 16.064177579207;
  bottom = bottom * x + 86.7807322029461;
  bottom = bottom * x + 296.564248779674;
  bottom = bottom * x + 637.333633378831;
  bottom = bottom * x + 793.826512519948;
  bottom = bottom * x + 440.413735824752;
  return (Math.exp(-0.5 * x * x) * top) / bottom;
}

function fractionTail(x: number): number {
  const fraction = x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))));
  return Math.exp(-0.5 * x * x) / (fraction * SQRT_TWO_PI);
}

const CENTRAL_TOP = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
  2.506628277459239,
] as const;
const CENTRAL_BOTTOM = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572,
  1,
] as const;
const TAIL_TOP = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734,
  4.374664141464968, 2.938163982698783,
] as const;
const TAIL_BOTTOM = [
  0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1,
] as const;
const TAIL_FROM = 0.02425;

/** The z below which a share `p` lies: P. J. Acklam's approximation, relative error below 1.2e-9. ±Infinity outside (0, 1). */
export function normalQuantile(p: number): number {
  if (!(p > 0)) return -Infinity;
  if (!(p < 1)) return Infinity;
  if (p < TAIL_FROM) return tailQuantile(p);
  if (p > 1 - TAIL_FROM) return -tailQuantile(1 - p);
  const q = p - 0.5;
  const r = q * q;
  return (q * polynomial(CENTRAL_TOP, r)) / polynomial(CENTRAL_BOTTOM, r);
}

function tailQuantile(p: number): number {
  const q = Math.sqrt(-2 * Math.log(p));
  return polynomial(TAIL_TOP, q) / polynomial(TAIL_BOTTOM, q);
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}

/** `E[(X − limit)⁺]` of a normal X: `σφ(z) + (μ − limit)Φ(z)` with `z = (μ − limit)/σ`; in the unit of X. */
export function expectedOverrun(mean: number, deviation: number, limit: number): number {
  const excess = mean - limit;
  if (!(deviation > 0)) return Math.max(0, excess);
  const z = excess / deviation;
  return Math.max(0, deviation * normalDensity(z) + excess * normalCdf(z));
}
