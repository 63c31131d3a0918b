import { I32, V128, assemble, get, i32, int, loop, set, v128 } from '../encoder/index.ts';
import type { Code } from '../encoder/index.ts';

/** `asked`, `rows`, `out`: places in memory; `end`: one past the rows. */
interface Kernel {
  scan(asked: number, rows: number, end: number, out: number, most: number): void;
}

/** What of WebAssembly is used; TypeScript has it among the types of browsers only. */
interface WebAssemblyGlobal {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => {
    readonly exports: Kernel;
  };
}

const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyGlobal };
const PAGE_BYTES = 65_536;
const CHUNK_BYTES = 16;
const PLACE_BYTES = 4;
/** What is written of a row that is near: its place, and in how many bits it differs. */
export const FOUND_BYTES = 2 * PLACE_BYTES;
/** Compiled modules by bytes of a row. */
const compiled = new Map<number, object>();

/**
 * Rows of bits, and which of them differ from an asked row in no more than so many bits. What stands in
 * memory: the asked row, the rows, where the list of places ends, the list.
 */
export class SignScan {
  readonly rowBytes: number;
  /** The asked row, and the rows. */
  readonly asked: Uint8Array;
  readonly rows: Uint8Array;
  /** What the last run found: places in order, each with the bits that differ; what is behind them means nothing. */
  readonly found: Int32Array;
  readonly #kernel: Kernel;
  readonly #out: number;
  readonly #end: Int32Array;

  constructor(dimensions: number, capacity: number) {
    this.rowBytes = Math.ceil(dimensions / 8 / CHUNK_BYTES) * CHUNK_BYTES;
    this.#out = this.rowBytes * (capacity + 1);
    const bytes = this.#out + PLACE_BYTES + FOUND_BYTES * (capacity + 1);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    let module = compiled.get(this.rowBytes);
    if (module === undefined) {
      module = new WebAssembly.Module(scanModule(this.rowBytes));
      compiled.set(this.rowBytes, module);
    }
    this.#kernel = new WebAssembly.Instance(module, { m: { memory } }).exports;
    this.asked = new Uint8Array(memory.buffer, 0, this.rowBytes);
    this.rows = new Uint8Array(memory.buffer, this.rowBytes, this.rowBytes * capacity);
    this.#end = new Int32Array(memory.buffer, this.#out, 1);
    this.found = new Int32Array(memory.buffer, this.#out + PLACE_BYTES, 2 * (capacity + 1));
  }

  /** How many of the first `count` rows differ in no more than `most` bits; they are in `found`. */
  run(count: number, most: number): number {
    if (count === 0) return 0;
    this.#kernel.scan(0, this.rowBytes, this.rowBytes * (count + 1), this.#out, most);
    return (this.#end[0]! - this.#out - PLACE_BYTES) / FOUND_BYTES;
  }
}

const simd = {
  addBytes: [0xfd, 0x6e],
  xor: [0xfd, 0x51],
  /** Bits that are set, in each byte. */
  popcnt: [0xfd, 0x62],
  /** Neighbouring unsigned bytes as sums of 16 bits, and those as sums of 32. */
  pairBytes: [0xfd, 0x7d],
  pairHalves: [0xfd, 0x7f],
  lane: (lane: number): Code => [0xfd, 0x1b, lane],
} as const;

const storeAt = (offset: number): Code => [0x36, 2, offset];
const NOT_ABOVE: Code = [0x4d];

const plus = (local: number, bytes: number): Code => [...get(local), ...int(bytes), ...i32.add];

/** Locals of the kernel, behind its parameters; from `first` on, the chunks of the asked row. */
const local = { place: 5, next: 6, differs: 7, sum: 8, first: 9 } as const;

/** In how many bits the row at `row` differs from the asked one. */
function difference(row: number, chunks: readonly number[]): Code {
  const differing = (chunk: number): Code => [
    ...get(row),
    ...v128.load(chunk * CHUNK_BYTES),
    ...get(local.first + chunk),
    ...simd.xor,
    ...simd.popcnt,
  ];
  return [
    ...chunks.flatMap((chunk) =>
      chunk === 0 ? [...differing(0)] : [...differing(chunk), ...simd.addBytes],
    ),
    ...simd.pairBytes,
    ...simd.pairHalves,
    ...set(local.sum),
    ...[0, 1, 2, 3].flatMap((lane) => [
      ...get(local.sum),
      ...simd.lane(lane),
      ...(lane === 0 ? [] : i32.add),
    ]),
  ];
}

/** Each row's place and difference are written behind the list, which grows only where the row is near enough: no branch is mispredicted. */
function scanModule(rowBytes: number): Uint8Array<ArrayBuffer> {
  const [asked, row, end, out, most] = [0, 1, 2, 3, 4];
  const { place, next, differs, first } = local;
  const chunks = Array.from({ length: rowBytes / CHUNK_BYTES }, (_, i) => i);
  const body: Code = [
    ...plus(out, PLACE_BYTES),
    ...set(next),
    ...chunks.flatMap((chunk) => [
      ...get(asked),
      ...v128.load(chunk * CHUNK_BYTES),
      ...set(first + chunk),
    ]),
    ...loop(
      [
        ...difference(row, chunks),
        ...set(differs),
        ...get(next),
        ...get(place),
        ...storeAt(0),
        ...get(next),
        ...get(differs),
        ...storeAt(PLACE_BYTES),
        ...get(next),
        ...get(differs),
        ...get(most),
        ...NOT_ABOVE,
        ...int(Math.log2(FOUND_BYTES)),
        ...i32.shl,
        ...i32.add,
        ...set(next),
        ...plus(place, 1),
        ...set(place),
        ...plus(row, rowBytes),
        ...set(row),
      ],
      [...get(row), ...get(end), ...i32.lessThan],
    ),
    ...get(out),
    ...get(next),
    ...storeAt(0),
  ];
  const locals: (typeof I32 | typeof V128)[] = [I32, I32, I32, V128];
  for (let chunk = 0; chunk < chunks.length; chunk++) locals.push(V128);
  return assemble([{ name: 'scan', parameters: [I32, I32, I32, I32, I32], locals, body }]);
}
