/** A mean over repeats, and half of the width of its 95 % confidence interval; null with one repeat. */
export interface Interval {
  readonly mean: number;
  readonly halfWidth: number | null;
}

/** Quantiles .975 of Student's t by degrees of freedom, from 1. */
const T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086,
];
const T_BEYOND = 1.96;

export function intervalOf(values: readonly number[]): Interval {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, halfWidth: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const t = T[n - 2] ?? T_BEYOND;
  return { mean, halfWidth: t * Math.sqrt(squares / (n - 1) / n) };
}
