import { fault } from '../kernel/index.ts';
import type { Fault } from '../kernel/index.ts';

/** The header's size in bytes stands in the first eight. */
const PREFIX_BYTES = 8;
const HEADER_BYTES_MAX = 16 * 1024 * 1024;

const ITEM_BYTES = { F32: 4, I32: 4, U32: 4, F16: 2, I8: 1, U8: 1 } as const;
type ItemType = keyof typeof ITEM_BYTES;

interface Place {
  readonly type: ItemType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export function modelFileFault(file: string, reason: string): Fault {
  return fault('BRS_MODEL_FILE', { file, reason });
}

/**
 * A safetensors file (github.com/huggingface/safetensors): named tensors and string metadata.
 * Every place in it is checked against the bytes at hand before anything is read; a file that is
 * cut, hostile or of another shape than asked for throws `BRS_MODEL_FILE`.
 */
export class TensorFile {
  readonly file: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #data: Uint8Array;

  constructor(file: string, given: Uint8Array) {
    this.file = file;
    // A Buffer's `slice` shares its bytes; a plain array's copies them.
    const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
    const headerBytes = headerSize(file, bytes);
    const header = parseHeader(file, bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerBytes));
    this.#data = bytes.subarray(PREFIX_BYTES + headerBytes);
    const metadata = new Map<string, string>();
    const places = new Map<string, Place>();
    for (const [name, entry] of Object.entries(header)) {
      if (name !== '__metadata__') places.set(name, this.#place(name, entry));
      else if (isRecord(entry)) {
        for (const [key, value] of Object.entries(entry)) metadata.set(key, String(value));
      }
    }
    this.metadata = metadata;
    this.#places = places;
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  /** The sizes of a tensor, outermost first. */
  shape(name: string): readonly number[] {
    return this.#find(name).shape;
  }

  int8(name: string, shape: readonly number[]): Int8Array {
    const bytes = this.#bytes(name, ['I8'], shape);
    return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** With no shape given, of any length. */
  uint8(name: string, shape?: readonly number[]): Uint8Array {
    return this.#bytes(name, ['U8'], shape);
  }

  int32(name: string, shape?: readonly number[]): Int32Array {
    return new Int32Array(this.#bytes(name, ['I32'], shape).slice().buffer);
  }

  uint32(name: string, shape?: readonly number[]): Uint32Array {
    return new Uint32Array(this.#bytes(name, ['U32'], shape).slice().buffer);
  }

  /** F32 or F16, finite. */
  floats(name: string, shape: readonly number[]): Float32Array {
    const bytes = this.#bytes(name, ['F32', 'F16'], shape);
    const copy = bytes.slice();
    const values =
      this.#find(name).type === 'F32'
        ? new Float32Array(copy.buffer)
        : fromHalves(new Uint16Array(copy.buffer));
    for (const value of values) {
      if (!Number.isFinite(value)) throw this.fault(`"${name}" holds a number that is not finite`);
    }
    return values;
  }

  fault(reason: string): Fault {
    return modelFileFault(this.file, reason);
  }

  #find(name: string): Place {
    const place = this.#places.get(name);
    if (place === undefined) throw this.fault(`it has no tensor "${name}"`);
    return place;
  }

  #bytes(name: string, types: readonly ItemType[], shape?: readonly number[]): Uint8Array {
    const place = this.#find(name);
    if (!types.includes(place.type)) {
      throw this.fault(`"${name}" is ${place.type} where ${types.join(' or ')} is needed`);
    }
    if (shape !== undefined && shape.join('×') !== place.shape.join('×')) {
      throw this.fault(`"${name}" is ${place.shape.join('×')} where ${shape.join('×')} is needed`);
    }
    return this.#data.subarray(place.start, place.end);
  }

  #place(name: string, entry: unknown): Place {
    const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
    if (typeof dtype !== 'string' || !Object.hasOwn(ITEM_BYTES, dtype)) {
      throw this.fault(`"${name}" is of a type that is not read here`);
    }
    if (!isNaturals(shape) || !isNaturals(offsets) || offsets.length !== 2) {
      throw this.fault(`"${name}" has no valid shape and offsets`);
    }
    const [start, end] = offsets as [number, number];
    const type = dtype as ItemType;
    const items = shape.reduce((product, size) => product * size, 1);
    if (end > this.#data.length) throw this.fault(`it is cut: "${name}" ends behind its end`);
    if (end - start !== items * ITEM_BYTES[type]) {
      throw this.fault(`"${name}" has ${end - start} bytes, which do not fill its shape`);
    }
    return { type, shape, start, end };
  }
}

function headerSize(file: string, bytes: Uint8Array): number {
  if (bytes.length < PREFIX_BYTES) throw modelFileFault(file, 'it is cut: it has no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (size > HEADER_BYTES_MAX || PREFIX_BYTES + size > bytes.length) {
    throw modelFileFault(file, 'it is cut, or no safetensors file: its header does not fit');
  }
  return size;
}

function parseHeader(file: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw modelFileFault(file, 'its header is not valid JSON');
  }
  if (!isRecord(header)) throw modelFileFault(file, 'its header is not a JSON object');
  return header;
}

/** IEEE 754 binary16 to binary32. */
function fromHalves(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    const size =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? Number.POSITIVE_INFINITY
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    values[i] = half & 0x8000 ? -size : size;
  }
  return values;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNaturals = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
