import { factorise, solveFactored } from './dense-algebra.ts';

/** log amount = weights · (1, log(1 + prompt's units), item), with the deviation of what is left. */
export interface AmountLine {
  readonly weights: Float64Array;
  readonly logDeviation: number;
}

export interface AmountData {
  readonly items: Float32Array;
  readonly size: number;
  readonly logUnits: Float32Array;
  readonly rows: readonly number[];
  /** Above zero. */
  readonly amounts: readonly number[];
}

const RIDGE = 10;
const ROWS_MIN = 3;

/** Null where too little is known. */
export function fitAmount({ items, size, logUnits, rows, amounts }: AmountData): AmountLine | null {
  if (rows.length < ROWS_MIN) return null;
  const width = size + 2;
  const matrix = new Float64Array(width * width);
  const right = new Float64Array(width);
  const x = new Float64Array(width);
  const read = (row: number): void => {
    x[0] = 1;
    x[1] = logUnits[row]!;
    for (let j = 0; j < size; j++) x[j + 2] = items[row * size + j]!;
  };
  for (let j = 0; j < width; j++) matrix[j * width + j] = j === 0 ? 1e-6 : j === 1 ? 1 : RIDGE;
  rows.forEach((row, at) => {
    read(row);
    const log = Math.log(amounts[at]!);
    for (let j = 0; j < width; j++) {
      right[j]! += x[j]! * log;
      for (let k = 0; k <= j; k++) matrix[j * width + k]! += x[j]! * x[k]!;
    }
  });
  factorise(matrix, width);
  solveFactored(matrix, width, right);
  let squares = 0;
  rows.forEach((row, at) => {
    read(row);
    let rest = Math.log(amounts[at]!);
    for (let j = 0; j < width; j++) rest -= right[j]! * x[j]!;
    squares += rest * rest;
  });
  return { weights: right, logDeviation: Math.max(0.01, Math.sqrt(squares / rows.length)) };
}

/** No prompt is foretold to cost more than e to this power. */
const LOG_MAX = 30;

/** Mean and deviation of a log-normal amount. */
export function amountAt(
  { weights, logDeviation }: AmountLine,
  logUnits: number,
  item: ArrayLike<number>,
): { readonly mean: number; readonly deviation: number } {
  let log = weights[0]! + weights[1]! * logUnits;
  for (let j = 2; j < weights.length; j++) log += weights[j]! * item[j - 2]!;
  const square = Math.min(4, logDeviation * logDeviation);
  const mean = Math.exp(Math.min(LOG_MAX, log + square / 2));
  return { mean, deviation: mean * Math.sqrt(Math.expm1(square)) };
}
