import { isAsciiLetter } from './folding.ts';
import { lower } from './word-scan.ts';
import type { KnownWords } from './word-scan.ts';

export const SPACED_LETTERS_MIN = 8;
const LEET: ReadonlyMap<string, string> = new Map([
  ['0', 'o'],
  ['1', 'i'],
  ['3', 'e'],
  ['4', 'a'],
  ['5', 's'],
  ['7', 't'],
  ['8', 'b'],
  ['@', 'a'],
  ['$', 's'],
  ['!', 'i'],
]);
const LEET_WORD_MAX = 24;

const isSeparator = (code: number): boolean =>
  code === 0x20 ||
  code === 0x2e ||
  code === 0x2d ||
  code === 0x5f ||
  code === 0x2a ||
  code === 0x2f;

/** Joins letters that stand apart ("i g n o r e"), eight or more in a row; null where there are none. */
export function joinSpacedLetters(text: string, isWord: (word: string) => boolean): string | null {
  const parts: string[] = [];
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    if (!isAsciiLetter(text.charCodeAt(i)) || (i > 0 && isAsciiLetter(text.charCodeAt(i - 1))))
      continue;
    if (i + 2 >= text.length || !isSeparator(text.charCodeAt(i + 1))) continue;
    const run = readSpaced(text, i);
    if (run.letters >= SPACED_LETTERS_MIN) {
      parts.push(
        text.slice(copied, i),
        run.words.map((word) => splitWords(word, isWord)).join(' '),
      );
      copied = run.end;
    }
    i = Math.max(i, run.end - 1);
  }
  if (copied === 0) return null;
  parts.push(text.slice(copied));
  return parts.join('');
}

/** Letters with one separator between belong to a word; two or more separators end it. */
function readSpaced(
  text: string,
  start: number,
): { letters: number; end: number; words: string[] } {
  const words: string[] = [];
  let word = '';
  let letters = 0;
  let i = start;
  let end = start;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    const isSingle =
      isAsciiLetter(code) && (i + 1 >= text.length || !isAsciiLetter(text.charCodeAt(i + 1)));
    if (!isSingle) break;
    word += text.charAt(i);
    letters += 1;
    end = i + 1;
    let gap = 0;
    for (i += 1; i < text.length && isSeparator(text.charCodeAt(i)); i++) gap += 1;
    if (gap === 0) break;
    if (gap > 1) {
      words.push(word);
      word = '';
    }
  }
  if (word !== '') words.push(word);
  return { letters, end, words };
}

const WORD_MAX = 16;
const SPLIT_MAX = 512;

/** Cuts letters without spaces into known words, where they can be cut wholly; else they stay. */
function splitWords(letters: string, isWord: (word: string) => boolean): string {
  const text = letters.toLowerCase();
  if (text.length > SPLIT_MAX || isWord(text)) return letters;
  const from = new Int32Array(text.length + 1).fill(-1);
  from[0] = 0;
  for (let end = 1; end <= text.length; end++) {
    for (let start = Math.max(0, end - WORD_MAX); start < end; start++) {
      if (from[start] !== -1 && isWord(text.slice(start, end))) {
        from[end] = start;
        break;
      }
    }
  }
  if (from[text.length] === -1) return letters;
  const words: string[] = [];
  for (let end = text.length; end > 0; end = from[end]!) {
    words.unshift(text.slice(from[end], end));
  }
  return words.join(' ');
}

/** From so many common words in leetspeak on, every word is read so. */
const LEET_WORDS_MIN = 3;
/** Digits alone stand for a word up to this length. */
const DIGIT_WORD_MAX = 4;

/**
 * Rewrites words of letters and digits ("1gn0r3") where that gives a word of `known`; all words, numbers
 * that give a common word among them, where several give common words. Null where nothing changes.
 */
export function foldLeet(
  text: string,
  known: KnownWords,
  isWord: (word: string) => boolean,
): string | null {
  const isAll = isLeetspeak(text, isWord);
  const parts: string[] = [];
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    if (!isLeetUnit(text.charCodeAt(i))) continue;
    const start = i;
    const letters = countLetters(text, start);
    i = endOfLeet(text, start);
    const length = i - start;
    if (letters === length || length > LEET_WORD_MAX) continue;
    const word = leetWord(text, start, i);
    const isRead = isAll
      ? letters > 0 || (length <= DIGIT_WORD_MAX && isWord(word))
      : letters > 0 && length >= 4 && known.has(word);
    if (!isRead) continue;
    parts.push(text.slice(copied, start), word);
    copied = i;
  }
  if (copied === 0) return null;
  parts.push(text.slice(copied));
  return parts.join('');
}

/** Whether several words of letters and digits are common words in leetspeak. */
function isLeetspeak(text: string, isWord: (word: string) => boolean): boolean {
  let found = 0;
  for (let i = 0; i < text.length; i++) {
    if (!isLeetUnit(text.charCodeAt(i))) continue;
    const start = i;
    const letters = countLetters(text, start);
    i = endOfLeet(text, start);
    const length = i - start;
    if (letters === 0 || letters === length || length < 3 || length > LEET_WORD_MAX) continue;
    if (isWord(leetWord(text, start, i)) && ++found === LEET_WORDS_MIN) return true;
  }
  return false;
}

function endOfLeet(text: string, start: number): number {
  let end = start;
  while (end < text.length && isLeetUnit(text.charCodeAt(end))) end += 1;
  return end;
}

function countLetters(text: string, start: number): number {
  let letters = 0;
  for (let i = start; i < text.length && isLeetUnit(text.charCodeAt(i)); i++) {
    if (isAsciiLetter(text.charCodeAt(i))) letters += 1;
  }
  return letters;
}

const isLeetUnit = (code: number): boolean =>
  isAsciiLetter(code) ||
  (code >= 0x30 && code <= 0x39) ||
  code === 0x40 ||
  code === 0x24 ||
  code === 0x21;

function leetWord(text: string, start: number, end: number): string {
  let word = '';
  for (let i = start; i < end; i++) {
    const unit = text.charAt(i);
    word += LEET.get(unit) ?? String.fromCharCode(lower(text.charCodeAt(i)));
  }
  return word;
}
