import { LANES, kernelBytes } from './kernels.ts';
import type { Kernels } from './kernels.ts';

/** What of WebAssembly is used; TypeScript has it among the types of browsers only. */
interface WebAssemblyGlobal {
  readonly Memory: new (size: { readonly initial: number }) => {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const PAGE_BYTES = 65_536;
/** Two cache lines, which come together. */
const ALIGNMENT = 128;

let compiled: object | null = null;

/** How many floats or bytes `length` of them take, in whole turns of a kernel's loop. */
export const paddedLength = (length: number): number => Math.ceil(length / LANES) * LANES;

/** The memory that kernels work on, and the kernels on it. It only grows. */
export class KernelMemory {
  readonly kernels: Kernels;
  readonly #memory: InstanceType<WebAssemblyGlobal['Memory']>;
  #used = ALIGNMENT;

  constructor() {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyGlobal };
    this.#memory = new WebAssembly.Memory({ initial: 1 });
    compiled ??= new WebAssembly.Module(kernelBytes());
    const imports = { m: { memory: this.#memory } };
    this.kernels = new WebAssembly.Instance(compiled, imports).exports as Kernels;
  }

  /** The place of `bytes` zeroed bytes. Detaches every view given before: their length is then 0. */
  allocate(bytes: number): number {
    const place = this.#used;
    this.#used = Math.ceil((place + bytes) / ALIGNMENT) * ALIGNMENT;
    const lacking = this.#used - this.#memory.buffer.byteLength;
    if (lacking > 0) this.#memory.grow(Math.ceil(lacking / PAGE_BYTES));
    return place;
  }

  bytes(place: number, length: number): Int8Array<ArrayBuffer> {
    return new Int8Array(this.#memory.buffer, place, length);
  }

  integers(place: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#memory.buffer, place, length);
  }

  floats(place: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer, place, length);
  }
}

/** Floats in a kernel's memory, whose view is renewed when the memory has grown. */
export class KernelFloats {
  readonly place: number;
  readonly length: number;
  readonly #memory: KernelMemory;
  #view: Float32Array<ArrayBuffer>;

  constructor(memory: KernelMemory, length: number) {
    this.#memory = memory;
    this.length = length;
    this.place = memory.allocate(4 * paddedLength(length));
    this.#view = memory.floats(this.place, length);
  }

  get view(): Float32Array<ArrayBuffer> {
    if (this.#view.length === 0) this.#view = this.#memory.floats(this.place, this.length);
    return this.#view;
  }
}
