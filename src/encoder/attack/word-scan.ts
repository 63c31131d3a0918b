import { assert } from '../../kernel/index.ts';

/** What a scan reports: one known word, and where it stands. */
export interface WordSink {
  /** `place` counts words, and three at the end of a sentence. */
  word(classes: Uint8Array, place: number, isQuoted: boolean): void;
}

const SENTENCE_END_WORDS = 3;
const CJK_LONGEST = 6;
/** Longer words are in no list. */
const LONGEST_KNOWN = 32;
/** `@`, `$` and `!` stand for letters. */
const LEET_MARKS: readonly number[] = [0x40, 0x24, 0x21];

/** Words by a hash of their UTF-16 units, so that a scan makes no string for the unknown ones. */
export class KnownWords {
  readonly #classCount: number;
  /** Open addressing: the number of a word plus one, 0 where the slot is free. */
  readonly #slots = new Uint16Array(SLOTS);
  readonly #words: string[] = [];
  readonly #classes: Uint8Array[] = [];

  constructor(classCount: number) {
    this.#classCount = classCount;
  }

  add(word: string, classNumber: number): void {
    const known = this.find(word, 0, word.length, hashOf(word));
    if (known !== null) {
      known[classNumber] = 1;
      return;
    }
    assert(this.#words.length < SLOTS / 2, 'the lexicon outgrows its table');
    let slot = slotOf(hashOf(word));
    while (this.#slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
    const classes = new Uint8Array(this.#classCount);
    classes[classNumber] = 1;
    this.#words.push(word);
    this.#classes.push(classes);
    this.#slots[slot] = this.#words.length;
  }

  /** The classes of the text from `start` to before `end`, whose hash is `hash`. */
  find(text: string, start: number, end: number, hash: number): Uint8Array | null {
    for (let slot = slotOf(hash); ; slot = (slot + 1) & (SLOTS - 1)) {
      const number = this.#slots[slot]!;
      if (number === 0) return null;
      const word = this.#words[number - 1]!;
      if (word.length === end - start && isAt(text, start, word)) return this.#classes[number - 1]!;
    }
  }

  has(word: string): boolean {
    return this.find(word, 0, word.length, hashOf(word)) !== null;
  }
}

const SLOTS = 8192;
const slotOf = (hash: number): number => (hash ^ (hash >>> 15)) & (SLOTS - 1);

const HASH_SEED = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

function hashOf(word: string): number {
  let hash = HASH_SEED;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), HASH_PRIME);
  return hash;
}

function isAt(text: string, start: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    if (lower(text.charCodeAt(start + i)) !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** Lower case of the ASCII, Latin-1, Greek and Cyrillic letters, and the plain apostrophe; other units stay. */
export function lower(code: number): number {
  if (code === 0x2019) return 0x27;
  if (code < 0x80) return code >= 0x41 && code <= 0x5a ? code + 32 : code;
  if (code >= 0xc0 && code <= 0xde && code !== 0xd7) return code + 32;
  if (code >= 0x391 && code <= 0x3a9) return code + 32;
  if (code >= 0x410 && code <= 0x42f) return code + 32;
  return code >= 0x400 && code <= 0x40f ? code + 80 : code;
}

const isCjk = (code: number): boolean => code >= 0x4e00 && code <= 0x9fff;

/** The lower case of an ASCII letter or digit; 0 where the unit belongs to no word. */
const ASCII_WORD = new Uint8Array(0x80);
for (let code = 0; code < 0x80; code++) {
  const isDigit = code >= 0x30 && code <= 0x39;
  const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  if (isDigit || isLetter) ASCII_WORD[code] = lower(code);
}

const isWideWordUnit = (code: number): boolean =>
  (code >= 0xc0 && code < 0x2000 && code !== 0xd7 && code !== 0xf7) || code > 0x3040;

const isWordUnit = (code: number): boolean =>
  code < 0x80 ? ASCII_WORD[code] !== 0 : isWideWordUnit(code);

/** Apostrophes, hyphens and full stops inside a word belong to it: don't, role-play, a.i. */
function joinsWords(code: number): boolean {
  return code === 0x27 || code === 0x2d || code === 0x2019;
}

/** What a text shows at a glance: which kinds of disguise are worth looking for. */
export interface TextTraits {
  /** Units above U+00AC: marks that cannot be seen and foreign letters are among them. */
  hasWide: boolean;
  /** The most single letters in a row. */
  singlesInRow: number;
  /** A word of letters and digits, or a letter behind one of `@ $ !`. */
  hasMixedWord: boolean;
  longestWord: number;
  /** Starts of percent, backslash and entity escapes. */
  escapes: number;
}

/** Reads a text word by word, once, and reports the known ones. Linear in the text. */
export function scanWords(text: string, known: KnownWords, sink: WordSink): TextTraits {
  const traits: TextTraits = {
    hasWide: false,
    singlesInRow: 0,
    hasMixedWord: false,
    longestWord: 0,
    escapes: 0,
  };
  let place = 0;
  let quoteEnd = 0;
  let isQuoted = false;
  let singles = 0;
  for (let i = 0; i < text.length;) {
    const code = text.charCodeAt(i);
    if (isCjk(code)) {
      traits.hasWide = true;
      i += reportCjk(text, i, { known, sink, place, isQuoted });
      place += 1;
    } else if (isWordUnit(code)) {
      const start = i;
      let hash = HASH_SEED;
      let digits = 0;
      for (; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        const plain = unit < 0x80 ? ASCII_WORD[unit]! : 0;
        if (plain !== 0) {
          if (plain <= 0x39) digits += 1;
          hash = Math.imul(hash ^ plain, HASH_PRIME);
        } else if (unit >= 0x80 && isWideWordUnit(unit)) {
          if (isCjk(unit)) break;
          traits.hasWide = true;
          hash = Math.imul(hash ^ lower(unit), HASH_PRIME);
        } else if (joinsWords(unit) && i + 1 < text.length && isWordUnit(text.charCodeAt(i + 1))) {
          hash = Math.imul(hash ^ lower(unit), HASH_PRIME);
        } else break;
      }
      const length = i - start;
      singles = length === 1 && digits === 0 ? singles + 1 : 0;
      if (singles > traits.singlesInRow) traits.singlesInRow = singles;
      if (length > traits.longestWord) traits.longestWord = length;
      if (digits > 0 && digits < length && length >= 4) traits.hasMixedWord = true;
      const classes = length < LONGEST_KNOWN ? known.find(text, start, i, hash) : null;
      if (classes !== null) sink.word(classes, place, isQuoted);
      place += 1;
    } else {
      i += 1;
      if (code === 0x20) continue;
      if (endsSentence(code)) place += SENTENCE_END_WORDS;
      if (code > 0xac) traits.hasWide = true;
      else if (LEET_MARKS.includes(code)) traits.hasMixedWord ||= isWordUnit(text.charCodeAt(i));
      else if (code === 0x25 || code === 0x5c || code === 0x26) traits.escapes += 1;
      if (isQuoted && (code === quoteEnd || code === 0x0a)) isQuoted = false;
      else if (!isQuoted) {
        quoteEnd = quoteEndOf(code);
        isQuoted = quoteEnd !== 0;
      }
    }
  }
  return traits;
}

function reportCjk(
  text: string,
  start: number,
  scan: { known: KnownWords; sink: WordSink; place: number; isQuoted: boolean },
): number {
  let hash = HASH_SEED;
  let found: Uint8Array | null = null;
  let length = 1;
  const end = Math.min(text.length, start + CJK_LONGEST);
  for (let i = start; i < end && isCjk(text.charCodeAt(i)); i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), HASH_PRIME);
    const classes = scan.known.find(text, start, i + 1, hash);
    if (classes !== null) {
      found = classes;
      length = i + 1 - start;
    }
  }
  if (found !== null) scan.sink.word(found, scan.place, scan.isQuoted);
  return length;
}

const endsSentence = (code: number): boolean =>
  code === 0x2e ||
  code === 0x21 ||
  code === 0x3f ||
  code === 0x0a ||
  code === 0x3002 ||
  code === 0xff01;

/** The mark that closes what this mark opens; 0 where it opens nothing. */
function quoteEndOf(code: number): number {
  switch (code) {
    case 0x22:
      return 0x22;
    case 0x201c:
      return 0x201d;
    case 0x201e:
      return 0x201c;
    case 0xab:
      return 0xbb;
    case 0x300c:
      return 0x300d;
    default:
      return 0;
  }
}
