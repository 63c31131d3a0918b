import { readCharacter } from './characters.ts';
import { NONE, PieceTrie } from './piece-trie.ts';
import type { Piece } from './piece-trie.ts';

/** Tokens with their places in the text: UTF-16 offsets, `ends` exclusive. */
export interface PlacedTokens {
  readonly ids: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export interface WordPieceOptions {
  /** Line number is id. */
  readonly pieces: readonly string[];
  readonly continuation: string;
  readonly unknown: string;
  /** Longer words are unknown as a whole. */
  readonly maxWordCharacters: number;
}

/** Codes of UTF-16 units: above zero a symbol of the trie (with `ALONE` where it is a word by itself). */
const UNREAD = 0;
const REMOVED = -1;
const SPACE = -2;
/** A surrogate, or a character that folds to several. */
const COMPLEX = -3;
const ALONE = 0x20000;
const SYMBOL = 0x1ffff;

const TOKENS_KEPT = 1 << 16;
const EXPANDED_MAX = 1 << 14;

/**
 * BERT's uncased WordPiece: greedy, longest piece first, a word with a gap is one unknown token.
 * The time is linear in the text; words beyond the limit are counted, not kept.
 */
export class WordPiece {
  readonly size: number;
  readonly unknownId: number;
  readonly #trie: PieceTrie;
  readonly #codes = new Int32Array(0x10000);
  readonly #expanded = new Map<number, { readonly isAlone: boolean; readonly codes: Int32Array }>();
  readonly #maxCharacters: number;
  /** The word being read: symbols, and where each came from. */
  readonly #word: Int32Array;
  readonly #unitStarts: Int32Array;
  readonly #unitEnds: Int32Array;
  #length = 0;
  /** Second halves of surrogate pairs in the word. */
  #seconds = 0;
  #ids = new Int32Array(1024);
  #starts = new Int32Array(0);
  #ends = new Int32Array(0);
  #count = 0;
  #hasPlaces = false;

  constructor(options: WordPieceOptions) {
    const { pieces, continuation, unknown } = options;
    this.size = pieces.length;
    this.unknownId = pieces.indexOf(unknown);
    this.#maxCharacters = options.maxWordCharacters;
    const units = 2 * options.maxWordCharacters + 2;
    this.#word = new Int32Array(units);
    this.#unitStarts = new Int32Array(units);
    this.#unitEnds = new Int32Array(units);
    const beginning: Piece[] = [];
    const continuing: Piece[] = [];
    for (let id = 0; id < pieces.length; id++) {
      const text = pieces[id]!;
      const goesOn = text.length > continuation.length && text.startsWith(continuation);
      if (goesOn) continuing.push({ id, text: text.slice(continuation.length) });
      else if (text !== '') beginning.push({ id, text });
    }
    this.#trie = new PieceTrie(beginning, continuing, pieces.length);
  }

  encode(text: string): Int32Array {
    this.#hasPlaces = false;
    this.#read(text);
    const ids = this.#ids.slice(0, this.#count);
    this.#release();
    return ids;
  }

  encodePlaced(text: string): PlacedTokens {
    this.#hasPlaces = true;
    if (this.#starts.length < this.#ids.length) {
      this.#starts = new Int32Array(this.#ids.length);
      this.#ends = new Int32Array(this.#ids.length);
    }
    this.#read(text);
    const placed = {
      ids: this.#ids.slice(0, this.#count),
      starts: this.#starts.slice(0, this.#count),
      ends: this.#ends.slice(0, this.#count),
    };
    this.#release();
    return placed;
  }

  #read(text: string): void {
    this.#count = 0;
    this.#length = 0;
    this.#seconds = 0;
    const codes = this.#codes;
    const word = this.#word;
    const capacity = word.length;
    const hasPlaces = this.#hasPlaces;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      let code = codes[unit]!;
      if (code === UNREAD) code = this.#learn(unit);
      if (code > 0 && code < ALONE) {
        const length = this.#length;
        if (length < capacity) {
          word[length] = code;
          if (hasPlaces) this.#placeUnit(length, i, i + 1);
          this.#length = length + 1;
        } else if (hasPlaces) this.#unitEnds[capacity - 1] = i + 1;
      } else if (code === SPACE) this.#endWord();
      else if (code >= ALONE) this.#single(code & SYMBOL, i);
      else if (code === COMPLEX) i += this.#complex(text, i);
    }
    this.#endWord();
  }

  #single(symbol: number, at: number): void {
    this.#endWord();
    this.#append(symbol, at, at + 1);
    this.#endWord();
  }

  /** A character of two units, or one that folds to several; returns how many units to skip. */
  #complex(text: string, at: number): number {
    const codePoint = text.codePointAt(at)!;
    const extra = codePoint > 0xffff ? 1 : 0;
    const { isAlone, codes } = this.#expanded.get(codePoint) ?? this.#expand(codePoint);
    if (isAlone) this.#endWord();
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i]!;
      if (code < 0) this.#seconds++;
      this.#append(Math.abs(code), at, at + 1 + extra);
    }
    if (isAlone) this.#endWord();
    return extra;
  }

  /** The symbols of what a character folds to; those of second halves of surrogates are negative. */
  #expand(codePoint: number): { readonly isAlone: boolean; readonly codes: Int32Array } {
    const { kind, folded } = readCharacter(codePoint);
    const codes = new Int32Array(folded.length);
    for (let i = 0; i < folded.length; i++) {
      const unit = folded.charCodeAt(i);
      const symbol = this.#trie.symbols[unit]!;
      codes[i] = unit >= 0xdc00 && unit <= 0xdfff ? -symbol : symbol;
    }
    const expanded = { isAlone: kind === 'alone', codes };
    if (this.#expanded.size === EXPANDED_MAX) this.#expanded.clear();
    this.#expanded.set(codePoint, expanded);
    return expanded;
  }

  #learn(unit: number): number {
    const code = this.#codeOf(unit);
    this.#codes[unit] = code;
    return code;
  }

  #codeOf(unit: number): number {
    if (unit >= 0xd800 && unit <= 0xdfff) return COMPLEX;
    const { kind, folded } = readCharacter(unit);
    if (kind === 'removed') return REMOVED;
    if (kind === 'space') return SPACE;
    if (folded.length > 1) return COMPLEX;
    const symbol = this.#trie.symbols[folded.charCodeAt(0)]!;
    return kind === 'alone' ? symbol | ALONE : symbol;
  }

  #append(symbol: number, start: number, end: number): void {
    const length = this.#length;
    if (length === this.#word.length) {
      this.#unitEnds[length - 1] = end;
      return;
    }
    this.#word[length] = symbol;
    if (this.#hasPlaces) this.#placeUnit(length, start, end);
    this.#length = length + 1;
  }

  #placeUnit(length: number, start: number, end: number): void {
    this.#unitStarts[length] = start;
    this.#unitEnds[length] = end;
  }

  #endWord(): void {
    const length = this.#length;
    if (length === 0) return;
    const isTooLong = length - this.#seconds > this.#maxCharacters;
    this.#length = 0;
    this.#seconds = 0;
    const first = this.#count;
    if (isTooLong || !this.#split(length)) {
      this.#count = first;
      this.#emit(this.unknownId, 0, length);
    }
  }

  /** Emits the pieces of the word; false where some of it fits none. */
  #split(length: number): boolean {
    const trie = this.#trie;
    const word = this.#word;
    const { size } = trie;
    let root = trie.beginning;
    for (let start = 0; start < length;) {
      let piece = NONE;
      let end = start;
      let node = root;
      for (let i = start; i < length; i++) {
        node = trie.next(node, word[i]!);
        if (node === NONE) break;
        if (node >= size) continue;
        piece = node;
        end = i + 1;
      }
      if (piece === NONE) return false;
      this.#emit(piece, start, end);
      start = end;
      root = trie.continuing;
    }
    return true;
  }

  #emit(id: number, start: number, end: number): void {
    const at = this.#count++;
    if (at === this.#ids.length) this.#grow();
    this.#ids[at] = id;
    if (this.#hasPlaces) {
      this.#starts[at] = this.#unitStarts[start]!;
      this.#ends[at] = this.#unitEnds[end - 1]!;
    }
  }

  #grow(): void {
    const size = this.#ids.length * 2;
    this.#ids = grown(this.#ids, size);
    if (!this.#hasPlaces) return;
    this.#starts = grown(this.#starts, size);
    this.#ends = grown(this.#ends, size);
  }

  /** Room for one very long text is not kept for the next ones. */
  #release(): void {
    if (this.#ids.length <= TOKENS_KEPT) return;
    this.#ids = new Int32Array(1024);
    this.#starts = new Int32Array(0);
    this.#ends = new Int32Array(0);
  }
}

function grown(values: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(values);
  return larger;
}
