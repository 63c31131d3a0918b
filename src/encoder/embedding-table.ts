import { paddedLength } from './kernels/kernel-memory.ts';
import { packNibbles } from './kernels/kernels.ts';
import type { KernelMemory } from './kernels/kernel-memory.ts';
import type { RowList } from './kernels/row-list.ts';
import type { TensorFile } from './safetensors.ts';

interface TableShape {
  readonly rows: number;
  readonly dimensions: number;
  readonly bits: 8 | 4;
}

/** Quantised rows with one scale each. Rows are added with a multiplicity, which may be counted first. */
export class EmbeddingTable {
  readonly rows: number;
  readonly #place: number;
  readonly #rowBytes: number;
  readonly #scales: Float32Array;
  #counts: Int32Array | null = null;
  /** The rows with a count. */
  #counted: number[] = [];

  /** Reads `<prefix>embeddings` and `<prefix>scales`. */
  constructor(tensors: TensorFile, prefix: string, shape: TableShape, memory: KernelMemory) {
    const { rows } = shape;
    this.rows = rows;
    this.#rowBytes = rowBytes(shape);
    this.#scales = tensors.floats(`${prefix}scales`, [rows]);
    this.#place = memory.allocate(rows * this.#rowBytes);
    const target = memory.bytes(this.#place, rows * this.#rowBytes);
    copyRows(tensors, `${prefix}embeddings`, shape, target);
  }

  /** Adds a row `times` over to what the list adds to. */
  add(list: RowList, row: number, times: number): void {
    list.add(this.#place + row * this.#rowBytes, this.#scales[row]! * times);
  }

  count(row: number): void {
    this.#counts ??= new Int32Array(this.rows);
    if (this.#counts[row]!++ === 0) this.#counted.push(row);
  }

  /** Adds every counted row as often as it was counted, and forgets the counts. */
  addCounted(list: RowList): void {
    const counts = this.#counts;
    if (counts === null) return;
    for (const row of this.#counted) {
      this.add(list, row, counts[row]!);
      counts[row] = 0;
    }
    this.#counted = [];
  }
}

/** Of a row in memory. */
export const rowBytes = ({ dimensions, bits }: Pick<TableShape, 'dimensions' | 'bits'>): number =>
  (paddedLength(dimensions) * bits) / 8;

function copyRows(tensors: TensorFile, name: string, shape: TableShape, target: Int8Array): void {
  const { rows, dimensions, bits } = shape;
  const bytes = rowBytes(shape);
  if (bits === 8) {
    const values = tensors.int8(name, [rows, dimensions]);
    for (let row = 0; row < rows; row++) {
      target.set(values.subarray(row * dimensions, (row + 1) * dimensions), row * bytes);
    }
    return;
  }
  if (dimensions % 2 !== 0) throw tensors.fault('with 4 bits, dimensions must be even');
  const width = dimensions / 2;
  const values = tensors.uint8(name, [rows, width]);
  for (let row = 0; row < rows; row++) {
    packNibbles(values, { start: row * width, end: (row + 1) * width }, target, row * bytes);
  }
}
