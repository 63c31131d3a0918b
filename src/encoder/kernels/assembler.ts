/** WebAssembly's binary format (webassembly.github.io/spec/core/binary), as far as the kernels need it. */
export type Code = readonly number[];

export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;
type ValueType = typeof I32 | typeof F32 | typeof V128;

export interface FunctionSource {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const int = (value: number): Code => [0x41, ...signed(value)];

export const i32 = {
  add: [0x6a],
  sub: [0x6b],
  shl: [0x74],
  lessThan: [0x49],
  load: [0x28, 2, 0],
} as const;

export const f32 = {
  zero: [0x43, 0, 0, 0, 0],
  one: [0x43, 0, 0, 0x80, 0x3f],
  above: [0x5e],
  sqrt: [0x91],
  add: [0x92],
  div: [0x95],
  load: (offset: number): Code => [0x2a, 2, ...unsigned(offset)],
  store: (offset: number): Code => [0x38, 2, ...unsigned(offset)],
} as const;

const simd = (opcode: number, ...rest: readonly number[]): Code => [
  0xfd,
  ...unsigned(opcode),
  ...rest,
];

export const v128 = {
  load: (offset: number): Code => simd(0x00, 0, ...unsigned(offset)),
  store: (offset: number): Code => simd(0x0b, 0, ...unsigned(offset)),
  /** Eight signed bytes as eight 16-bit integers. */
  loadBytes: (offset: number): Code => simd(0x01, 0, ...unsigned(offset)),
  /** Sixteen bytes, each the same. */
  bytes: (value: number): Code => simd(0x0c, ...Array.from({ length: 16 }, () => value)),
  zero: simd(0x0c, ...Array.from({ length: 16 }, () => 0)),
  splat: simd(0x13),
  and: simd(0x4e),
  shiftBytesRight: simd(0x6d),
  subtractBytes: simd(0x71),
  /** The lower, the higher eight signed bytes as eight 16-bit integers. */
  extendLowBytes: simd(0x87),
  extendHighBytes: simd(0x88),
  lane: (lane: number): Code => simd(0x1f, lane),
  /** The lower, the higher four 16-bit integers as four of 32 bits. */
  extendLow: simd(0xa7),
  extendHigh: simd(0xa8),
  add: simd(0xe4),
  mul: simd(0xe6),
  toFloats: simd(0xfa),
} as const;

/** Runs `body` once, and again as long as `condition` holds behind it. */
export const loop = (body: Code, condition: Code): Code => [
  0x03,
  0x40,
  ...body,
  ...condition,
  0x0d,
  0x00,
  0x0b,
];

/** A float: `yes` where `condition` holds, else `no`. */
export const choose = (condition: Code, yes: Code, no: Code): Code => [
  ...condition,
  0x04,
  F32,
  ...yes,
  0x05,
  ...no,
  0x0b,
];

/** `\\0asm`, version 1. */
const PREAMBLE: Code = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module that imports the memory `m.memory` and exports the functions. */
export function assemble(functions: readonly FunctionSource[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [0x60, ...vector(parameters.map(one)), 0]);
  const memory = [...name('m'), ...name('memory'), 0x02, 0x00, 0x01];
  const exported = functions.map((source, i) => [...name(source.name), 0x00, ...unsigned(i)]);
  const bodies = functions.map(({ locals, body }) => {
    const content = [...vector(locals.map((type) => [1, type])), ...body, 0x0b];
    return [...unsigned(content.length), ...content];
  });
  return Uint8Array.from([
    ...PREAMBLE,
    ...section(1, vector(types)),
    ...section(2, vector([memory])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(exported)),
    ...section(10, vector(bodies)),
  ]);
}

const one = (value: number): Code => [value];

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];

const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];

const name = (text: string): Code => [text.length, ...Buffer.from(text, 'latin1')];

/** LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -0x40 || rest > 0x3f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  return [...bytes, rest & 0x7f];
}
