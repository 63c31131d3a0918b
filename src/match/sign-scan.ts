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
  /** The places that the last run found, in order; what is behind them means nothing. */
  readonly places: Int32Array;
  readonly #kernel: Kernel;
  readonly #out: number;
  readonly #end: Int32Array;

  constructor(dimensions: number, capacity: number) {
    this.rowBytes = Math.ceil(dimensions / 8 / CHUNK_BYTES) * CHUNK_BYTES;
    this.#out = this.rowBytes * (capacity + 1);
    const bytes = this.#out + PLACE_BYTES * (capacity + 2);
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
    this.places = new Int32Array(memory.buffer, this.#out + PLACE_BYTES, capacity + 1);
  }

  /** How many of the first `count` rows differ in no more than `most` bits; their places are in `places`. */
  run(count: number, most: number): number {
    if (count === 0) return 0;
    this.#kernel.scan(0, this.rowBytes, this.rowBytes * (count + 1), this.#out, most);
    return (this.#end[0]! - this.#out - PLACE_BYTES) / PLACE_BYTES;
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

const STORE: Code = [0x36, 2, 0];
const NOT_ABOVE: Code = [0x4d];

/** Each row's place is written behind the list, which grows only where the row is near enough: no branch is mispredicted. */
function scanModule(rowBytes: number): Uint8Array<ArrayBuffer> {
  const asked = 0;
  const row = 1;
  const end = 2;
  const out = 3;
  const most = 4;
  const place = 5;
  const next = 6;
  const sum = 7;
  const first = 8;
  const chunks = Array.from({ length: rowBytes / CHUNK_BYTES }, (_, i) => i);
  const differing = (chunk: number): Code => [
    ...get(row),
    ...v128.load(chunk * CHUNK_BYTES),
    ...get(first + chunk),
    ...simd.xor,
    ...simd.popcnt,
  ];
  const plus = (local: number, bytes: number): Code => [...get(local), ...int(bytes), ...i32.add];
  const count: Code = [0, 1, 2, 3].flatMap((lane) => [
    ...get(sum),
    ...simd.lane(lane),
    ...(lane === 0 ? [] : i32.add),
  ]);
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
        ...chunks.flatMap((chunk) =>
          chunk === 0 ? [...differing(0)] : [...differing(chunk), ...simd.addBytes],
        ),
        ...simd.pairBytes,
        ...simd.pairHalves,
        ...set(sum),
        ...get(next),
        ...get(place),
        ...STORE,
        ...get(next),
        ...count,
        ...get(most),
        ...NOT_ABOVE,
        ...int(2),
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
    ...STORE,
  ];
  const locals: (typeof I32 | typeof V128)[] = [I32, I32, V128];
  for (let chunk = 0; chunk < chunks.length; chunk++) locals.push(V128);
  return assemble([{ name: 'scan', parameters: [I32, I32, I32, I32, I32], locals, body }]);
}
