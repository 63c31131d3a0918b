import { DIGIT, LETTER, NEWLINE, SPACE, SYMBOL, UNIT_FOLDED, UNIT_KIND } from './code-units.ts';

/** How the letters of a word are cased. */
export const LOWER = 0;
export const CAPITALISED = 1;
export const ALL_UPPER = 2;
export const MIXED = 3;
/** Added to the case of a word that has letters outside ASCII. */
export const FOREIGN = 4;

/** What stands before a token. */
export const GLUED = 0;
export const SPACED = 1;
export const ON_NEW_LINE = 2;
export const AFTER_BLANK_LINE = 3;

/** Letters of a word that its hash reads: no word that anyone writes is longer. */
const HASHED_UNITS_MAX = 48;

/** The same symbol so many times is a line that someone drew. */
const LINE_UNITS_MIN = 8;

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export const hashUnit = (hash: number, unit: number): number => Math.imul(hash ^ unit, FNV_PRIME);

/** The hash under which a word stands in tokens and in the lexicon: of its lower case, unsigned. */
export function wordHash(word: string): number {
  let hash = FNV_START;
  const end = Math.min(word.length, HASHED_UNITS_MAX);
  for (let i = 0; i < end; i++) hash = hashUnit(hash, UNIT_FOLDED[word.charCodeAt(i)]!);
  return hash >>> 0;
}

/**
 * The tokens of a piece of text: runs of letters, runs of digits, single symbols. One object is
 * filled again and again; `count` says how many entries hold.
 */
export class Tokens {
  text = '';
  count = 0;
  readonly capacity: number;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly kind: Uint8Array;
  readonly hash: Uint32Array;
  /** Of a word its case; else 0. */
  readonly casing: Uint8Array;
  readonly before: Uint8Array;

  /** Room for a piece of text of `capacity` code units. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.start = new Int32Array(capacity + 1);
    this.end = new Int32Array(capacity + 1);
    this.kind = new Uint8Array(capacity + 1);
    this.hash = new Uint32Array(capacity + 1);
    this.casing = new Uint8Array(capacity + 1);
    this.before = new Uint8Array(capacity + 1);
  }

  /** Reads text[from, to): at most `capacity` code units. Offsets are those of `text`. */
  read(text: string, from: number, to: number): void {
    this.text = text;
    let count = 0;
    let before = AFTER_BLANK_LINE;
    let i = from;
    while (i < to) {
      const unit = text.charCodeAt(i);
      const kind = UNIT_KIND[unit]!;
      if (kind === SPACE) {
        if (before === GLUED) before = SPACED;
        i++;
        continue;
      }
      if (kind === NEWLINE) {
        before = before >= ON_NEW_LINE ? AFTER_BLANK_LINE : ON_NEW_LINE;
        i++;
        continue;
      }
      this.start[count] = i;
      this.kind[count] = kind;
      this.before[count] = before;
      i = kind === SYMBOL ? this.#symbol(count, i, to) : this.#run(count, i, to);
      this.end[count++] = i;
      before = GLUED;
    }
    this.count = count;
  }

  /** One symbol; but halves of characters beyond 16 bits, and long lines of the same symbol, are one token. */
  #symbol(at: number, from: number, to: number): number {
    const { text } = this;
    const unit = text.charCodeAt(from);
    this.hash[at] = hashUnit(FNV_START, unit) >>> 0;
    this.casing[at] = 0;
    let i = from + 1;
    if (isSurrogate(unit)) {
      while (i < to && isSurrogate(text.charCodeAt(i))) i++;
      return i;
    }
    while (i < to && text.charCodeAt(i) === unit) i++;
    return i - from >= LINE_UNITS_MIN ? i : from + 1;
  }

  #run(at: number, from: number, to: number): number {
    const { text } = this;
    const kind = this.kind[at]!;
    let hash = FNV_START;
    let uppers = 0;
    let seen = 0;
    let i = from;
    const hashedEnd = Math.min(to, from + HASHED_UNITS_MAX);
    for (; i < hashedEnd; i++) {
      const unit = text.charCodeAt(i);
      if (UNIT_KIND[unit] !== kind) break;
      const folded = UNIT_FOLDED[unit]!;
      if (folded !== unit) uppers++;
      seen |= unit;
      hash = hashUnit(hash, folded);
    }
    const hashed = i - from;
    if (i === hashedEnd) while (i < to && UNIT_KIND[text.charCodeAt(i)] === kind) i++;
    this.hash[at] = hash >>> 0;
    const foreign = seen > 0x7f ? FOREIGN : 0;
    this.casing[at] =
      kind === LETTER ? casingOf(text.charCodeAt(from), uppers, hashed) + foreign : 0;
    return i;
  }

  unit(at: number): number {
    return this.text.charCodeAt(this.start[at]!);
  }

  length(at: number): number {
    return this.end[at]! - this.start[at]!;
  }

  isDigits(at: number): boolean {
    return at < this.count && this.kind[at] === DIGIT;
  }

  isWord(at: number): boolean {
    return at < this.count && this.kind[at] === LETTER;
  }

  /** Is the token at `at` the symbol `unit`, with nothing before it? */
  isGluedSymbol(at: number, unit: number): boolean {
    return this.isGlued(at) && this.unit(at) === unit && this.length(at) === 1;
  }

  isGlued(at: number): boolean {
    return at < this.count && this.before[at] === GLUED;
  }

  /** Digits as ASCII, of whichever script. */
  digits(at: number): string {
    const word = this.word(at);
    if (word.charCodeAt(0) < 0x80) return word;
    return Array.from(word, (digit) => String.fromCharCode(UNIT_FOLDED[digit.charCodeAt(0)]!)).join(
      '',
    );
  }

  word(at: number): string {
    return this.text.slice(this.start[at], this.end[at]);
  }
}

function casingOf(first: number, uppers: number, length: number): number {
  if (uppers === 0) return LOWER;
  if (uppers === length) return length === 1 ? CAPITALISED : ALL_UPPER;
  return uppers === 1 && UNIT_FOLDED[first] !== first ? CAPITALISED : MIXED;
}
