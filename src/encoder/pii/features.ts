import { LETTER, UNIT_FOLDED } from './code-units.ts';
import type { Lexicon } from './lexicon.ts';
import { NO_PATTERN } from './patterns/kinds.ts';
import type { Pieces } from './pieces.ts';
import { ALL_UPPER, FOREIGN, LOWER } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** Pieces on either side that features look at; the arrays have that much room at both ends. */
const REACH = 3;

/** Features that the gate reads; they come first. */
export const GATE_FEATURES = 7;
export const FEATURES_PER_PIECE = 22;

/** What stands beyond the ends. */
const OUTSIDE = 0x7fffffff;

const mix = (hash: number, value: number): number => {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
};

/** The features of pieces: each a row of the weight table. */
export class Features {
  readonly #lexicon: Lexicon;
  /** Rows over the number of hashes. */
  readonly #rowsPerHash: number;
  readonly #word: Int32Array;
  readonly #shape: Int32Array;
  readonly #bits: Int32Array;
  readonly #before: Uint8Array;
  #pieces: Pieces | null = null;
  /** The rows of the piece last asked for. */
  readonly row = new Int32Array(FEATURES_PER_PIECE);

  constructor(lexicon: Lexicon, rows: number, capacity: number) {
    this.#lexicon = lexicon;
    this.#rowsPerHash = rows / 2 ** 32;
    const room = capacity + 1 + 2 * REACH;
    this.#word = new Int32Array(room);
    this.#shape = new Int32Array(room);
    this.#bits = new Int32Array(room);
    this.#before = new Uint8Array(room);
  }

  /** Reads what features are made of, once per piece. */
  read(pieces: Pieces): void {
    this.#pieces = pieces;
    const { tokens, count } = pieces;
    const mode = caseMode(tokens);
    for (let i = 0; i < count; i++) {
      const at = i + REACH;
      const hash = pieces.hash[i]!;
      const token = pieces.firstToken[i]!;
      this.#word[at] = hash;
      this.#before[at] = tokens.before[token]!;
      const isWord = pieces.kind[i] === NO_PATTERN && tokens.kind[token] === LETTER;
      this.#bits[at] = (isWord ? this.#lexicon.bits(hash) : 0) | (mode << 12);
      this.#shape[at] = isWord ? wordShape(tokens, token, mode) : hash;
    }
    this.#fillOutside(0);
    this.#fillOutside(count + REACH);
  }

  #fillOutside(from: number): void {
    for (let i = from; i < from + REACH; i++) {
      this.#word[i] = OUTSIDE;
      this.#shape[i] = OUTSIDE;
      this.#bits[i] = 0;
      this.#before[i] = 3;
    }
  }

  /** Fills the first `GATE_FEATURES` of `row` for the piece. */
  begin(piece: number): Int32Array {
    const i = piece + REACH;
    const bits = this.#bits;
    const b0 = bits[i]!;
    const { row } = this;
    row[0] = this.#row(1, this.#word[i]!);
    row[1] = this.#row(2, this.#frame(i));
    row[2] = this.#row(3, this.#word[i - 1]!);
    row[3] = this.#row(4, this.#word[i + 1]!);
    row[4] = this.#row(5, b0);
    row[5] = this.#row(mix(6, bits[i - 1]!), b0);
    row[6] = this.#row(mix(7, bits[i + 1]!), b0);
    return row;
  }

  /** Fills the rest of `row`, after `begin` of the same piece. */
  complete(piece: number): Int32Array {
    const i = piece + REACH;
    const word = this.#word;
    const shape = this.#shape;
    const before = word[i - 1]!;
    const after = word[i + 1]!;
    const b0 = this.#bits[i]!;
    const frame = this.#frame(i);
    const { row } = this;
    row[7] = this.#row(8, word[i - 2]!);
    row[8] = this.#row(9, word[i + 2]!);
    row[9] = this.#row(10, word[i - 3]!);
    row[10] = this.#row(mix(11, before), after);
    row[11] = this.#row(mix(12, word[i - 2]!), before);
    row[12] = this.#row(mix(13, after), word[i + 2]!);
    row[13] = this.#row(mix(14, before), frame);
    row[14] = this.#row(mix(15, after), frame);
    row[15] = this.#row(mix(mix(16, shape[i - 1]!), shape[i + 1]!), frame);
    row[16] = this.#row(mix(17, b0), before);
    row[17] = this.#row(mix(18, b0), after);
    row[18] = this.#row(mix(mix(19, shape[i - 2]!), shape[i - 1]!), frame);
    this.#affixes(piece, shape[i]!);
    return row;
  }

  /** The shape of a piece and the breaks around it. */
  #frame(i: number): number {
    return this.#shape[i]! * 16 + this.#before[i]! * 4 + this.#before[i + 1]!;
  }

  #affixes(piece: number, shape: number): void {
    const { tokens, firstToken, kind } = this.#pieces!;
    const { row } = this;
    const token = firstToken[piece]!;
    if (kind[piece] !== NO_PATTERN || tokens.kind[token] !== LETTER) {
      row[19] = row[20] = row[21] = this.#row(20, 0);
      return;
    }
    const { text } = tokens;
    const start = tokens.start[token]!;
    const end = tokens.end[token]!;
    const prefixEnd = Math.min(end, start + 3);
    let prefix = 21;
    for (let i = start; i < prefixEnd; i++) {
      prefix = mix(prefix, UNIT_FOLDED[text.charCodeAt(i)]!);
    }
    const suffixStart = Math.max(start, end - 3);
    let suffix = 22;
    let short = 22;
    for (let i = end - 1; i >= suffixStart; i--) {
      suffix = mix(suffix, UNIT_FOLDED[text.charCodeAt(i)]!);
      if (i >= end - 2) short = suffix;
    }
    row[19] = this.#row(prefix, 1);
    row[20] = this.#row(suffix, 2);
    row[21] = this.#row(mix(23, short), shape);
  }

  /** Spreads the hash over the rows. */
  #row(hash: number, value: number): number {
    return Math.floor((mix(hash, value) >>> 0) * this.#rowsPerHash);
  }
}

/** Texts in one case say nothing by it: 1 all lower, 2 all upper, 0 both. */
function caseMode(tokens: Tokens): number {
  let hasLower = false;
  let hasUpper = false;
  for (let i = 0; i < tokens.count && !(hasLower && hasUpper); i++) {
    if (tokens.kind[i] !== LETTER) continue;
    const casing = tokens.casing[i]! & ~FOREIGN;
    if (casing !== ALL_UPPER) hasLower = true;
    if (casing !== LOWER) hasUpper = true;
  }
  return hasUpper === hasLower ? 0 : hasLower ? 1 : 2;
}

const LENGTH_CLASS = Uint8Array.from({ length: 16 }, (_, n) =>
  n < 4 ? n : n < 6 ? 4 : n < 9 ? 5 : 6,
);

/** Case in the low byte, then the class of the length and the mode of the text. */
function wordShape(tokens: Tokens, token: number, mode: number): number {
  const length = Math.min(tokens.length(token), 15);
  return tokens.casing[token]! | (LENGTH_CLASS[length]! << 8) | (mode << 12) | 0x100000;
}
