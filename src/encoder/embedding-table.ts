import { paddedLength } from './kernels/kernel-memory.ts';
import type { KernelMemory } from './kernels/kernel-memory.ts';
import type { TensorFile } from './safetensors.ts';

interface TableShape {
  readonly rows: number;
  readonly dimensions: number;
  readonly bits: 8 | 4;
}

/** Quantised rows with one scale each. Rows are added with a multiplicity, which may be counted first. */
export class EmbeddingTable {
  readonly rows: number;
  readonly #memory: KernelMemory;
  readonly #place: number;
  readonly #rowLength: number;
  readonly #scales: Float32Array;
  #counts: Int32Array | null = null;
  /** The rows with a count. */
  #counted: number[] = [];

  /** Reads `<prefix>embeddings` and `<prefix>scales`. */
  constructor(tensors: TensorFile, prefix: string, shape: TableShape, memory: KernelMemory) {
    const { rows, dimensions } = shape;
    this.rows = rows;
    this.#memory = memory;
    this.#rowLength = paddedLength(dimensions);
    this.#scales = tensors.floats(`${prefix}scales`, [rows]);
    this.#place = memory.allocate(rows * this.#rowLength);
    const target = memory.bytes(this.#place, rows * this.#rowLength);
    copyRows(readValues(tensors, `${prefix}embeddings`, shape), target, shape);
  }

  /** Adds a row `times` over to the floats at `sum`. */
  add(sum: number, row: number, times: number): void {
    const scale = this.#scales[row]! * times;
    if (scale === 0) return;
    const length = this.#rowLength;
    this.#memory.kernels.addRow(sum, this.#place + row * length, length, scale);
  }

  count(row: number): void {
    this.#counts ??= new Int32Array(this.rows);
    if (this.#counts[row]!++ === 0) this.#counted.push(row);
  }

  /** Adds every counted row as often as it was counted, and forgets the counts. */
  addCounted(sum: number): void {
    const counts = this.#counts;
    if (counts === null) return;
    for (const row of this.#counted) {
      this.add(sum, row, counts[row]!);
      counts[row] = 0;
    }
    this.#counted = [];
  }
}

/** Bytes as they are in the file's rows, eight bits each. */
function readValues(tensors: TensorFile, name: string, shape: TableShape): Int8Array {
  const { rows, dimensions, bits } = shape;
  if (bits === 8) return tensors.int8(name, [rows, dimensions]);
  if (dimensions % 2 !== 0) throw tensors.fault('with 4 bits, dimensions must be even');
  return fromNibbles(tensors.uint8(name, [rows, dimensions / 2]));
}

function copyRows(values: Int8Array, target: Int8Array, { rows, dimensions }: TableShape): void {
  const rowLength = target.length / rows;
  if (rowLength === dimensions) {
    target.set(values);
    return;
  }
  for (let row = 0; row < rows; row++) {
    const start = row * dimensions;
    target.set(values.subarray(start, start + dimensions), row * rowLength);
  }
}

/** The low half of a byte is the even column; halves stand for −8 to 7. */
function fromNibbles(nibbles: Uint8Array): Int8Array {
  const pairs = new Uint16Array(256);
  const pairBytes = new Int8Array(pairs.buffer);
  for (let both = 0; both < 256; both++) {
    pairBytes[2 * both] = (both & 15) - 8;
    pairBytes[2 * both + 1] = (both >> 4) - 8;
  }
  const values = new Uint16Array(nibbles.length);
  for (let i = 0; i < nibbles.length; i++) values[i] = pairs[nibbles[i]!]!;
  return new Int8Array(values.buffer);
}
