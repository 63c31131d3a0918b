import type { KernelMemory } from './kernel-memory.ts';
import { ENTRY_BYTES } from './kernels.ts';

/** Rows that are added together: few enough that they stay in the first cache. */
const ROWS_MAX = 64;

/** Collects rows and adds them to a sum many at a time, in the order in which they come. */
export class RowList {
  readonly #memory: KernelMemory;
  readonly #rowBytes: number;
  readonly #isPacked: boolean;
  readonly #place: number;
  #rows = new Int32Array(0);
  #scales = new Float32Array(0);
  #sum = 0;
  #count = 0;

  /** `bits` of a value. */
  constructor(memory: KernelMemory, rowBytes: number, bits: 8 | 4) {
    this.#memory = memory;
    this.#rowBytes = rowBytes;
    this.#isPacked = bits === 4;
    this.#place = memory.allocate(ROWS_MAX * ENTRY_BYTES);
  }

  /** The floats at `sum` are what follows is added to. */
  start(sum: number): void {
    this.#sum = sum;
    this.#count = 0;
    if (this.#rows.length > 0) return;
    const words = (ROWS_MAX * ENTRY_BYTES) / 4;
    this.#rows = this.#memory.integers(this.#place, words);
    this.#scales = this.#memory.floats(this.#place, words);
  }

  /** Adds the row at `place`, `scale` times. */
  add(place: number, scale: number): void {
    if (scale === 0) return;
    if (this.#count === ROWS_MAX) this.finish();
    const at = 2 * this.#count++;
    this.#rows[at] = place;
    this.#scales[at + 1] = scale;
  }

  finish(): void {
    if (this.#count === 0) return;
    const end = this.#place + this.#count * ENTRY_BYTES;
    const { kernels } = this.#memory;
    if (this.#isPacked) kernels.addPackedRows(this.#sum, this.#place, end, this.#rowBytes);
    else kernels.addRows(this.#sum, this.#place, end, this.#rowBytes);
    this.#count = 0;
  }
}
