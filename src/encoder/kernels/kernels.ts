import { I32, V128, assemble, choose, f32, get, i32, int, loop, set, v128 } from './assembler.ts';
import type { Code, FunctionSource } from './assembler.ts';

/** The inner loops of the encoder. Places are bytes in one memory; lengths are multiples of `LANES`. */
export interface Kernels {
  /**
   * sum[i] += Σ scale · row[i], in the order of the entries from `entries` to before `end`, at least
   * one. An entry is the place of a row of signed bytes, and its scale as a float. `length` is a row's bytes.
   */
  addRows(sum: number, entries: number, end: number, length: number): void;
  /** The same of rows in half-bytes, in the order of `packNibbles`. */
  addPackedRows(sum: number, entries: number, end: number, length: number): void;
  /** sum[i] += values[i]. */
  addFloats(sum: number, values: number, length: number): void;
  /** out = values at unit length; zeros stay zeros. */
  normalise(values: number, out: number, length: number): void;
  /** out[row] = Σ weights[row, i] · input[i], for rows from `weights` to before `end`. */
  multiply(weights: number, end: number, input: number, length: number, out: number): void;
  /** The same of weights in the order of `weightPlace`, whose rows are a multiple of `ROWS_TOGETHER`. */
  multiplyOrdered(weights: number, end: number, input: number, length: number, out: number): void;
}

/** Floats that vectors are padded to. */
export const LANES = 32;
/** Rows that `multiplyOrdered` takes at a time. */
export const ROWS_TOGETHER = 4;

/** Floats that one turn of most loops takes. */
const TURN = 8;
export const ENTRY_BYTES = 8;
const NIBBLE_ZERO = 8;
const NIBBLE_ZEROS = 0x88;

/**
 * Writes a row in half-bytes as `addPackedRows` reads it: of `LANES` columns, the low halves are the
 * first sixteen and the high halves the others. In the source the low half of a byte is the even column.
 * Halves stand for −8 to 7; missing columns are zeros.
 */
export function packNibbles(
  source: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  target: Int8Array,
  at: number,
): void {
  for (let from = start; from < end; from += LANES / 2, at += LANES / 2) {
    for (let i = 0; i < 8; i++) {
      const first = from + i < end ? source[from + i]! : NIBBLE_ZEROS;
      const second = from + 8 + i < end ? source[from + 8 + i]! : NIBBLE_ZEROS;
      target[at + 2 * i] = (first & 15) | ((second & 15) << 4);
      target[at + 2 * i + 1] = (first >> 4) | (second & 0xf0);
    }
  }
}

/** Where `multiplyOrdered` has the weight of a row and a column, in floats. */
export function weightPlace(row: number, column: number, length: number): number {
  const group = Math.floor(row / ROWS_TOGETHER) * ROWS_TOGETHER * length;
  const turn = Math.floor(column / 4) * ROWS_TOGETHER * 4;
  return group + turn + (row % ROWS_TOGETHER) * 4 + (column % 4);
}

const advance = (local: number, bytes: number): Code => [
  ...get(local),
  ...int(bytes),
  ...i32.add,
  ...set(local),
];
const below = (local: number, end: number): Code => [...get(local), ...get(end), ...i32.lessThan];
/** end = start + length · 2^shift. */
const setEnd = (end: number, start: number, length: number, shift: number): Code => [
  ...get(start),
  ...get(length),
  ...int(shift),
  ...i32.shl,
  ...i32.add,
  ...set(end),
];
/** [at + offset] += value. */
const accumulate = (at: number, offset: number, value: Code): Code => [
  ...get(at),
  ...get(at),
  ...v128.load(offset),
  ...value,
  ...v128.add,
  ...v128.store(offset),
];
/** total += [a + offset] · [b + offset]. */
const addProduct = (total: number, a: number, b: number, offset: number): Code => [
  ...get(total),
  ...get(a),
  ...v128.load(offset),
  ...get(b),
  ...v128.load(offset),
  ...v128.mul,
  ...v128.add,
  ...set(total),
];
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sumOfLanes = (total: number): Code => [
  ...get(total),
  ...v128.lane(0),
  ...get(total),
  ...v128.lane(1),
  ...f32.add,
  ...get(total),
  ...v128.lane(2),
  ...f32.add,
  ...get(total),
  ...v128.lane(3),
  ...f32.add,
];

/** The sums of `LANES` columns stay in registers while all rows are added to them. */
function addRows(isPacked: boolean): FunctionSource {
  const [sum, entries, end, length, offset, at, row, scales, bytes, first] = range(10) as Locals;
  const totals = range(LANES / 4).map((i) => first + i);
  const packed = first + totals.length;
  const addQuadruple = (total: number, half: Code): Code => [
    ...get(total),
    ...get(bytes),
    ...half,
    ...v128.toFloats,
    ...get(scales),
    ...v128.mul,
    ...v128.add,
    ...set(total),
  ];
  const halves = [
    [...v128.bytes(15), ...v128.and],
    [...int(4), ...v128.shiftBytesRight],
  ];
  const values = (i: number): Code =>
    isPacked
      ? [
          ...get(packed),
          ...halves[i >> 1]!,
          ...v128.bytes(NIBBLE_ZERO),
          ...v128.subtractBytes,
          ...(i % 2 === 0 ? v128.extendLowBytes : v128.extendHighBytes),
        ]
      : [...get(row), ...v128.loadBytes(TURN * i)];
  const turn = [
    ...get(at),
    ...i32.load,
    ...get(offset),
    ...i32.add,
    ...set(row),
    ...get(at),
    ...f32.load(4),
    ...v128.splat,
    ...set(scales),
    ...(isPacked ? [...get(row), ...v128.load(0), ...set(packed)] : []),
    ...range(LANES / TURN).flatMap((i) => [
      ...values(i),
      ...set(bytes),
      ...addQuadruple(totals[2 * i]!, v128.extendLow),
      ...addQuadruple(totals[2 * i + 1]!, v128.extendHigh),
    ]),
    ...advance(at, ENTRY_BYTES),
  ];
  const columns = [
    ...totals.flatMap((total, i) => [...get(sum), ...v128.load(16 * i), ...set(total)]),
    ...get(entries),
    ...set(at),
    ...loop(turn, below(at, end)),
    ...totals.flatMap((total, i) => [...get(sum), ...get(total), ...v128.store(16 * i)]),
    ...advance(sum, 4 * LANES),
    ...advance(offset, isPacked ? LANES / 2 : LANES),
  ];
  return {
    name: isPacked ? 'addPackedRows' : 'addRows',
    parameters: [I32, I32, I32, I32],
    locals: [I32, I32, I32, V128, V128, ...totals.map(() => V128 as typeof V128), V128],
    body: loop(columns, below(offset, length)),
  };
}

function addFloats(): FunctionSource {
  const [sum, values, length, end] = [0, 1, 2, 3];
  const turn = [
    ...accumulate(sum, 0, [...get(values), ...v128.load(0)]),
    ...accumulate(sum, 16, [...get(values), ...v128.load(16)]),
    ...advance(sum, 4 * TURN),
    ...advance(values, 4 * TURN),
  ];
  const body = [...setEnd(end, sum, length, 2), ...loop(turn, below(sum, end))];
  return { name: 'addFloats', parameters: [I32, I32, I32], locals: [I32], body };
}

function normalise(): FunctionSource {
  const [values, out, length, end, at, squares, scale] = [0, 1, 2, 3, 4, 5, 6];
  const measure = [
    ...addProduct(squares, at, at, 0),
    ...addProduct(squares, at, at, 16),
    ...advance(at, 4 * TURN),
  ];
  const scaled = (offset: number): Code => [
    ...get(out),
    ...get(values),
    ...v128.load(offset),
    ...get(scale),
    ...v128.mul,
    ...v128.store(offset),
  ];
  const write = [
    ...scaled(0),
    ...scaled(16),
    ...advance(values, 4 * TURN),
    ...advance(out, 4 * TURN),
  ];
  const isAboveZero = [...sumOfLanes(squares), ...f32.zero, ...f32.above];
  const inverse = [...f32.one, ...sumOfLanes(squares), ...f32.sqrt, ...f32.div];
  const body = [
    ...setEnd(end, values, length, 2),
    ...get(values),
    ...set(at),
    ...loop(measure, below(at, end)),
    ...choose(isAboveZero, inverse, f32.zero),
    ...v128.splat,
    ...set(scale),
    ...loop(write, below(values, end)),
  ];
  const locals = [I32, I32, V128, V128] as const;
  return { name: 'normalise', parameters: [I32, I32, I32], locals, body };
}

function multiply(): FunctionSource {
  const [weights, end, input, length, out, at, rowEnd, even, odd] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const turn = [
    ...addProduct(even, weights, at, 0),
    ...addProduct(odd, weights, at, 16),
    ...advance(weights, 4 * TURN),
    ...advance(at, 4 * TURN),
  ];
  const row = [
    ...v128.zero,
    ...set(even),
    ...v128.zero,
    ...set(odd),
    ...get(input),
    ...set(at),
    ...setEnd(rowEnd, weights, length, 2),
    ...loop(turn, below(weights, rowEnd)),
    ...get(even),
    ...get(odd),
    ...v128.add,
    ...set(even),
    ...get(out),
    ...sumOfLanes(even),
    ...f32.store(0),
    ...advance(out, 4),
  ];
  const body = loop(row, below(weights, end));
  const parameters = [I32, I32, I32, I32, I32] as const;
  return { name: 'multiply', parameters, locals: [I32, I32, V128, V128], body };
}

/** Sums of even and of odd quadruples of columns, so that no addition waits for the one before. */
function multiplyOrdered(): FunctionSource {
  const [weights, end, input, length, out, at, inputEnd, values, first] = range(9) as Locals;
  const evens = range(ROWS_TOGETHER).map((i) => first + i);
  const odds = evens.map((total) => total + ROWS_TOGETHER);
  const addQuadruple = (totals: readonly number[], half: number): Code => [
    ...get(at),
    ...v128.load(16 * half),
    ...set(values),
    ...totals.flatMap((total, i) => [
      ...get(total),
      ...get(weights),
      ...v128.load(16 * (half * ROWS_TOGETHER + i)),
      ...get(values),
      ...v128.mul,
      ...v128.add,
      ...set(total),
    ]),
  ];
  const turn = [
    ...addQuadruple(evens, 0),
    ...addQuadruple(odds, 1),
    ...advance(weights, 4 * TURN * ROWS_TOGETHER),
    ...advance(at, 4 * TURN),
  ];
  const rows = [
    ...[...evens, ...odds].flatMap((total) => [...v128.zero, ...set(total)]),
    ...get(input),
    ...set(at),
    ...loop(turn, below(at, inputEnd)),
    ...evens.flatMap((even, i) => [
      ...get(even),
      ...get(odds[i]!),
      ...v128.add,
      ...set(even),
      ...get(out),
      ...sumOfLanes(even),
      ...f32.store(4 * i),
    ]),
    ...advance(out, 4 * ROWS_TOGETHER),
  ];
  const body = [...setEnd(inputEnd, input, length, 2), ...loop(rows, below(weights, end))];
  const totals = [...evens, ...odds].map(() => V128 as typeof V128);
  return {
    name: 'multiplyOrdered',
    parameters: [I32, I32, I32, I32, I32],
    locals: [I32, I32, V128, ...totals],
    body,
  };
}

/** Numbers of local variables. */
type Locals = [number, number, number, number, number, number, number, number, number, number];

export const kernelBytes = (): Uint8Array<ArrayBuffer> =>
  assemble([
    addRows(false),
    addRows(true),
    addFloats(),
    normalise(),
    multiply(),
    multiplyOrdered(),
  ]);
