import { z } from 'zod';
import type { Encoder } from '../contract/index.ts';
import { readMetadata, WORD_PIECE_SHAPE } from './model-metadata.ts';
import { EmbeddingTable, rowBytes } from './embedding-table.ts';
import { KernelFloats, KernelMemory, paddedLength } from './kernels/kernel-memory.ts';
import { RowList } from './kernels/row-list.ts';
import { TensorFile } from './safetensors.ts';
import { bucketOf, pairHash } from './token-hash.ts';
import { WordPiece } from './word-piece.ts';
import type { WordPieceOptions } from './word-piece.ts';

const metadataSchema = z.object({
  kind: z.literal('static-encoder'),
  version: z.literal(1),
  name: z.string().min(1),
  dimensions: z.int().min(1).max(4096),
  bits: z.union([z.literal(8), z.literal(4)]),
  tokenizer: z.object(WORD_PIECE_SHAPE),
  pairs: z
    .object({
      buckets: z
        .int()
        .min(1)
        .max(2 ** 24),
    })
    .nullable()
    .default(null),
});

/** From this many tokens on, repeated ones are counted first and their rows added once. */
const COUNT_FROM_TOKENS = 64;

/**
 * A sentence vector is the sum of its tokens' rows, and of its neighbouring pairs' where the file
 * has them, brought to unit length. Unknown tokens have the scale zero.
 */
export class StaticEncoder implements Encoder {
  readonly apiVersion = 1;
  readonly name: string;
  readonly dimensions: number;
  readonly words: WordPiece;
  /** Heads on this encoder keep their weights here too. */
  readonly memory = new KernelMemory();
  readonly #rows: EmbeddingTable;
  readonly #pairs: EmbeddingTable | null;
  readonly #list: RowList;
  readonly #sum: KernelFloats;
  readonly #vector: KernelFloats;
  readonly #length: number;

  constructor(file: string, bytes: Uint8Array) {
    const tensors = new TensorFile(file, bytes);
    const { name, dimensions, bits, tokenizer, pairs } = readMetadata(tensors, metadataSchema);
    this.name = name;
    this.dimensions = dimensions;
    this.words = openWords({ pieces: readPieces(tensors), ...tokenizer }, tensors);
    const { memory } = this;
    const table = (prefix: string, rows: number): EmbeddingTable =>
      new EmbeddingTable(tensors, prefix, { rows, dimensions, bits }, memory);
    this.#rows = table('', this.words.size);
    this.#pairs = pairs === null ? null : table('pair_', pairs.buckets);
    this.#sum = new KernelFloats(memory, dimensions);
    this.#vector = new KernelFloats(memory, dimensions);
    this.#length = paddedLength(dimensions);
    this.#list = new RowList(memory, rowBytes({ dimensions, bits }), bits);
  }

  embed(texts: readonly string[]): Float32Array {
    const vectors = new Float32Array(texts.length * this.dimensions);
    texts.forEach((text, i) => vectors.set(this.embedOne(text), i * this.dimensions));
    return vectors;
  }

  embedOne(text: string): Float32Array {
    return this.embedTokens(this.words.encode(text));
  }

  embedTokens(ids: Int32Array): Float32Array {
    const { place } = this.#sum;
    this.#sum.view.fill(0);
    if (ids.length < COUNT_FROM_TOKENS) this.addTokens(place, ids, 0, ids.length);
    else this.#addCounted(place, ids);
    this.normalise(place, this.#vector.place);
    return this.#vector.view.slice();
  }

  /** The sum itself, whose length tells how much the text weighs in a longer one. */
  sumOne(text: string): Float32Array {
    const ids = this.words.encode(text);
    const { place } = this.#sum;
    this.#sum.view.fill(0);
    this.addTokens(place, ids, 0, ids.length);
    return this.#sum.view.slice();
  }

  /** Adds what the tokens from `start` to before `end` say, and the pairs that lie wholly among them. */
  addTokens(sum: number, ids: Int32Array, start: number, end: number): void {
    const list = this.#list;
    const rows = this.#rows;
    list.start(sum);
    for (let i = start; i < end; i++) rows.add(list, ids[i]!, 1);
    if (this.#pairs !== null) for (let i = start; i < end - 1; i++) this.#listPair(ids, i);
    list.finish();
  }

  /** Adds what the pair of the tokens at `at` and behind it says. */
  addPair(sum: number, ids: Int32Array, at: number): void {
    this.#list.start(sum);
    this.#listPair(ids, at);
    this.#list.finish();
  }

  addFloats(sum: number, values: number): void {
    this.memory.kernels.addFloats(sum, values, this.#length);
  }

  /** Writes the sum at unit length; the zero vector stays zero. */
  normalise(sum: number, out: number): void {
    this.memory.kernels.normalise(sum, out, this.#length);
  }

  #listPair(ids: Int32Array, at: number): void {
    const pairs = this.#pairs;
    if (pairs === null) return;
    pairs.add(this.#list, bucketOf(pairHash(ids[at]!, ids[at + 1]!), pairs.rows), 1);
  }

  #addCounted(sum: number, ids: Int32Array): void {
    const list = this.#list;
    list.start(sum);
    for (let i = 0; i < ids.length; i++) this.#rows.count(ids[i]!);
    this.#rows.addCounted(list);
    const pairs = this.#pairs;
    if (pairs !== null) {
      for (let i = 0; i < ids.length - 1; i++) {
        pairs.count(bucketOf(pairHash(ids[i]!, ids[i + 1]!), pairs.rows));
      }
      pairs.addCounted(list);
    }
    list.finish();
  }
}

function openWords(options: WordPieceOptions, tensors: TensorFile): WordPiece {
  let words: WordPiece;
  try {
    words = new WordPiece(options);
  } catch (error) {
    if (error instanceof RangeError) throw tensors.fault(error.message);
    throw error;
  }
  if (words.unknownId === -1) throw tensors.fault('its vocabulary lacks the unknown token');
  return words;
}

function readPieces(tensors: TensorFile): readonly string[] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(tensors.uint8('vocabulary'));
    return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  } catch (error) {
    if (error instanceof TypeError) throw tensors.fault('its vocabulary is not UTF-8');
    throw error;
  }
}
