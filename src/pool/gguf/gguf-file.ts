import { open } from 'node:fs/promises';
import { fault } from '../../kernel/index.ts';
import type { GgufSummary } from '../../contract/index.ts';

/** The reason is told to who named the file. */
class NotGguf extends Error {}

/** Vocabularies stand in the head: the largest have some ten megabytes. */
const HEAD_BYTES_MAX = 64 * 1024 * 1024;
const MAGIC = 'GGUF';
const VERSIONS = [2, 3];
/** Mean, first and last token, by their numbers in llama.cpp; without one, and for ranking, there are others. */
const POOLINGS: readonly (number | null)[] = [1, 2, 3];
const ENTRIES_MAX = 100_000;
const RANK_MAX = 4;

/** Bytes of the fixed-size kinds of values, by their number in the format. */
const SIZES: readonly (number | null)[] = [1, 1, 2, 2, 4, 4, 4, 1, null, null, 8, 8, 8];
const STRING = 8;
const ARRAY = 9;

type Value = string | number | null;

/**
 * Reads the head of a GGUF file (versions 2 and 3 of ggml's format) and holds its length against it.
 * Rejects with `BRS_MODEL_FILE` where it is none, or is cut.
 */
export async function readGgufFile(path: string): Promise<GgufSummary> {
  const { head, fileBytes } = await readHead(path);
  try {
    return summaryOf(new HeadReader(head), fileBytes);
  } catch (error) {
    const reason = error instanceof NotGguf ? error.message : 'its head is cut or broken';
    throw fault('BRS_MODEL_FILE', { file: path, reason }, { cause: error });
  }
}

async function readHead(path: string): Promise<{ head: Buffer; fileBytes: number }> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const head = Buffer.alloc(Math.min(size, HEAD_BYTES_MAX));
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      return { head: head.subarray(0, bytesRead), fileBytes: size };
    } finally {
      await file.close();
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it cannot be read';
    throw fault('BRS_MODEL_FILE', { file: path, reason }, { cause: error });
  }
}

function summaryOf(reader: HeadReader, fileBytes: number): GgufSummary {
  if (reader.ascii(4) !== MAGIC) throw new NotGguf('it is no GGUF file');
  const version = reader.u32();
  if (!VERSIONS.includes(version)) throw new NotGguf(`its version is ${version}, not 2 or 3`);
  const tensors = reader.count();
  const entries = reader.count();
  const values = new Map<string, Value>();
  for (let i = 0; i < entries; i++) values.set(reader.string(), reader.value(reader.u32()));
  const { parameters, lastOffset } = readTensors(reader, tensors);
  const alignment = Number(values.get('general.alignment') ?? 32);
  const dataAt = Math.ceil(reader.at / alignment) * alignment;
  if (dataAt + lastOffset >= fileBytes && tensors > 0) {
    throw new NotGguf('its tensors reach beyond its end: the download was cut');
  }
  const architecture = textOf(values.get('general.architecture'));
  return {
    architecture,
    name: textOf(values.get('general.name')),
    contextTokens: numberOf(values.get(`${architecture}.context_length`)),
    layers: numberOf(values.get(`${architecture}.block_count`)),
    parameters,
    tensors,
    fileBytes,
    hasChatTemplate: values.has('tokenizer.chat_template'),
    isEmbedding: POOLINGS.includes(numberOf(values.get(`${architecture}.pooling_type`))),
  };
}

function readTensors(reader: HeadReader, count: number) {
  let parameters = 0;
  let lastOffset = 0;
  for (let i = 0; i < count; i++) {
    reader.string();
    const rank = reader.u32();
    if (rank > RANK_MAX) throw new NotGguf(`a tensor of it has ${rank} dimensions`);
    let elements = 1;
    for (let axis = 0; axis < rank; axis++) elements *= reader.u64();
    reader.u32();
    parameters += elements;
    lastOffset = Math.max(lastOffset, reader.u64());
  }
  return { parameters, lastOffset };
}

const textOf = (value: Value | undefined): string | null =>
  typeof value === 'string' ? value : null;
const numberOf = (value: Value | undefined): number | null =>
  typeof value === 'number' ? value : null;

/** Reads on from where it stands. Throws `RangeError` beyond the end. */
class HeadReader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  ascii(length: number): string {
    const start = this.#skip(length);
    return this.#bytes.toString('latin1', start, start + length);
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  u64(): number {
    return Number(this.#bytes.readBigUInt64LE(this.#skip(8)));
  }

  count(): number {
    const count = this.u64();
    if (count > ENTRIES_MAX) throw new RangeError('more entries than any model has');
    return count;
  }

  string(): string {
    const length = this.u64();
    const start = this.#skip(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  /** Strings and numbers; of all else only the place is left behind: null. */
  value(kind: number): Value {
    if (kind === STRING) return this.string();
    if (kind === ARRAY) {
      this.#array();
      return null;
    }
    const size = SIZES[kind];
    if (size === undefined || size === null) throw new NotGguf(`a value of it is of kind ${kind}`);
    const start = this.#skip(size);
    if (kind === 4) return this.#bytes.readUInt32LE(start);
    if (kind === 10) return Number(this.#bytes.readBigUInt64LE(start));
    return kind === 6 ? this.#bytes.readFloatLE(start) : null;
  }

  #array(): void {
    const kind = this.u32();
    const length = this.u64();
    if (kind === STRING) {
      for (let i = 0; i < length; i++) this.#skip(this.u64());
      return;
    }
    const size = SIZES[kind];
    if (size === undefined || size === null) throw new NotGguf(`an array of it is of kind ${kind}`);
    this.#skip(length * size);
  }

  #skip(bytes: number): number {
    const start = this.at;
    if (!(bytes >= 0) || start + bytes > this.#bytes.length) throw new RangeError('beyond the end');
    this.at = start + bytes;
    return start;
  }
}
