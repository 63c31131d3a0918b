import { editDistance } from '../../kernel/index.ts';
import type { Truth } from '../../contract/index.ts';
import type { Term } from './term.ts';

/** Words of a text that are compared; what lies beyond them is unknown. */
const WORDS_MAX = 4096;

/** Edits that a word may be away: none below 4 characters, one below 8, two from there on. */
function editsAllowed(word: string): number {
  return word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
}

/** The words of a folded text in order, with a bit per letter that they contain. */
export interface WordList {
  readonly words: readonly string[];
  readonly letters: readonly number[];
  readonly isComplete: boolean;
}

export function wordsOf(folded: string): WordList {
  const words: string[] = [];
  const letters: number[] = [];
  const pattern = /[\p{L}\p{N}_]+/gu;
  for (;;) {
    const match = pattern.exec(folded);
    if (match === null) return { words, letters, isComplete: true };
    if (words.length === WORDS_MAX) return { words, letters, isComplete: false };
    words.push(match[0]);
    letters.push(lettersOf(match[0]));
  }
}

/** Whether the words of the term stand in the list one after another, each within its edits. */
export function containsFuzzily(list: WordList, term: Term): Truth {
  const termLetters = term.words.map(lettersOf);
  for (let start = 0; start + term.words.length <= list.words.length; start++) {
    let matched = 0;
    while (matched < term.words.length) {
      const wanted = term.words[matched]!;
      const difference = termLetters[matched]! ^ list.letters[start + matched]!;
      if (!isNear(list.words[start + matched]!, wanted, difference)) break;
      matched++;
    }
    if (matched === term.words.length) return true;
  }
  return list.isComplete ? false : null;
}

function isNear(word: string, wanted: string, letterDifference: number): boolean {
  const max = editsAllowed(wanted);
  if (max === 0) return word === wanted;
  // One edit changes at most two bits of the letters that a word contains.
  if (Math.abs(word.length - wanted.length) > max || bitCount(letterDifference) > 2 * max) {
    return false;
  }
  return editDistance(word, wanted, max) <= max;
}

function lettersOf(word: string): number {
  let bits = 0;
  for (let i = 0; i < word.length; i++) bits |= 1 << (word.charCodeAt(i) & 31);
  return bits;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
