/** A symmetric matrix, row after row. */
export type Square = Float64Array;

/** Cholesky factor in place of a positive definite matrix: the lower half. */
export function factorise(matrix: Square, size: number): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k]! * matrix[j * size + k]!;
      matrix[i * size + j] =
        i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / matrix[j * size + j]!;
    }
  }
}

/** Solves for one right side by the factor; the answer stands in its place. */
export function solveFactored(factor: Square, size: number, right: Float64Array): void {
  for (let i = 0; i < size; i++) {
    let sum = right[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * size + k]! * right[k]!;
    right[i] = sum / factor[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = right[i]!;
    for (let k = i + 1; k < size; k++) sum -= factor[k * size + i]! * right[k]!;
    right[i] = sum / factor[i * size + i]!;
  }
}

/** The inverse of a factored matrix. */
export function inverseOf(factor: Square, size: number): Square {
  const inverse = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    const column = new Float64Array(size);
    column[j] = 1;
    solveFactored(factor, size, column);
    for (let i = 0; i < size; i++) inverse[i * size + j] = column[i]!;
  }
  return inverse;
}

export interface Component {
  readonly variance: number;
  readonly axis: Float64Array;
}

const SWEEPS = 30;

/** Eigenvalues and vectors of a symmetric matrix by Jacobi rotations, largest first; each axis leans to the positive. */
export function componentsOf(given: Square, size: number): Component[] {
  const matrix = given.slice();
  const axes = new Float64Array(size * size);
  for (let i = 0; i < size; i++) axes[i * size + i] = 1;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rest = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < i; j++) rest += matrix[i * size + j]! ** 2;
    }
    if (rest < 1e-18) break;
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) rotate(matrix, axes, size, [p, q]);
  }
  return Array.from({ length: size }, (_, k) => {
    const axis = Float64Array.from({ length: size }, (_unused, i) => axes[i * size + k]!);
    const sum = axis.reduce((total, value) => total + value, 0);
    return { variance: matrix[k * size + k]!, axis: sum < 0 ? axis.map((value) => -value) : axis };
  }).toSorted((a, b) => b.variance - a.variance);
}

function rotate(
  matrix: Square,
  axes: Square,
  size: number,
  [p, q]: readonly [number, number],
): void {
  const off = matrix[p * size + q]!;
  if (Math.abs(off) < 1e-15) return;
  const theta = (matrix[q * size + q]! - matrix[p * size + p]!) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < size; k++) {
    const [kp, kq] = [matrix[k * size + p]!, matrix[k * size + q]!];
    matrix[k * size + p] = c * kp - s * kq;
    matrix[k * size + q] = s * kp + c * kq;
  }
  for (let k = 0; k < size; k++) {
    const [pk, qk] = [matrix[p * size + k]!, matrix[q * size + k]!];
    matrix[p * size + k] = c * pk - s * qk;
    matrix[q * size + k] = s * pk + c * qk;
    const [ap, aq] = [axes[k * size + p]!, axes[k * size + q]!];
    axes[k * size + p] = c * ap - s * aq;
    axes[k * size + q] = s * ap + c * aq;
  }
}
