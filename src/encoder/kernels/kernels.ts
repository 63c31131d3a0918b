import {
  F32,
  I32,
  V128,
  assemble,
  choose,
  f32,
  get,
  i32,
  int,
  loop,
  set,
  v128,
} from './assembler.ts';
import type { Code, FunctionSource } from './assembler.ts';

/** The inner loops of the encoder. Places are bytes in one memory; lengths are multiples of `LANES`. */
export interface Kernels {
  /** sum[i] += scale · row[i], the row being of signed bytes. */
  addRow(sum: number, row: number, length: number, scale: number): void;
  /** sum[i] += values[i]. */
  addFloats(sum: number, values: number, length: number): void;
  /** out = values at unit length; zeros stay zeros. */
  normalise(values: number, out: number, length: number): void;
  /** out[row] = Σ weights[row, i] · input[i], for rows from `weights` to before `end`. */
  multiply(weights: number, end: number, input: number, length: number, out: number): void;
}

/** Floats that one turn of a loop takes. */
export const LANES = 8;

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

function addRow(): FunctionSource {
  const [sum, row, length, scale, end, bytes, scales] = [0, 1, 2, 3, 4, 5, 6];
  const scaled = (half: Code): Code => [
    ...get(bytes),
    ...half,
    ...v128.toFloats,
    ...get(scales),
    ...v128.mul,
  ];
  const turn = [
    ...get(row),
    ...v128.loadBytes,
    ...set(bytes),
    ...accumulate(sum, 0, scaled(v128.extendLow)),
    ...accumulate(sum, 16, scaled(v128.extendHigh)),
    ...advance(row, LANES),
    ...advance(sum, 4 * LANES),
  ];
  const body = [
    ...setEnd(end, row, length, 0),
    ...get(scale),
    ...v128.splat,
    ...set(scales),
    ...loop(turn, below(row, end)),
  ];
  return { name: 'addRow', parameters: [I32, I32, I32, F32], locals: [I32, V128, V128], body };
}

function addFloats(): FunctionSource {
  const [sum, values, length, end] = [0, 1, 2, 3];
  const turn = [
    ...accumulate(sum, 0, [...get(values), ...v128.load(0)]),
    ...accumulate(sum, 16, [...get(values), ...v128.load(16)]),
    ...advance(sum, 4 * LANES),
    ...advance(values, 4 * LANES),
  ];
  const body = [...setEnd(end, sum, length, 2), ...loop(turn, below(sum, end))];
  return { name: 'addFloats', parameters: [I32, I32, I32], locals: [I32], body };
}

function normalise(): FunctionSource {
  const [values, out, length, end, at, squares, scale] = [0, 1, 2, 3, 4, 5, 6];
  const measure = [
    ...addProduct(squares, at, at, 0),
    ...addProduct(squares, at, at, 16),
    ...advance(at, 4 * LANES),
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
    ...advance(values, 4 * LANES),
    ...advance(out, 4 * LANES),
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
    ...advance(weights, 4 * LANES),
    ...advance(at, 4 * LANES),
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
    ...f32.store,
    ...advance(out, 4),
  ];
  const body = loop(row, below(weights, end));
  const parameters = [I32, I32, I32, I32, I32] as const;
  return { name: 'multiply', parameters, locals: [I32, I32, V128, V128], body };
}

export const kernelBytes = (): Uint8Array<ArrayBuffer> =>
  assemble([addRow(), addFloats(), normalise(), multiply()]);
