import { WORD } from './lexicon.ts';
import { readPhrase } from './phrase.ts';
import type { Word, WordMeanings } from './phrase.ts';

/** Two answers that say the same in other words come about so near; what is farther apart than the second does not. */
const SAME_COSINE = 0.88;
const OTHER_COSINE = 0.62;
/** Answers of no more words say one thing. */
const SHORT_WORDS = 24;
/** More than this of what either says is missing in the other. */
const MISSED_MAX = 0.15;
/** Of a long answer, its beginning tells. */
const CHARACTERS_MAX = 4_000;

/** Whether two answers say the same: their text, else their numbers and their meaning; null where that leaves a doubt. */
export function compareAnswers(
  stored: string,
  fresh: string,
  by: { readonly meanings: WordMeanings; embedOne(text: string): Float32Array },
): boolean | null {
  const a = plain(stored);
  const b = plain(fresh);
  if (a === b) return true;
  const left = readPhrase(a, by.meanings).words;
  const right = readPhrase(b, by.meanings).words;
  for (const bit of [WORD.number, WORD.negation]) {
    const ofLeft = left.filter(({ bits }) => (bits & bit) !== 0).map(({ stem }) => stem);
    const ofRight = new Set(right.filter(({ bits }) => (bits & bit) !== 0).map(({ stem }) => stem));
    if (ofLeft.length !== 0 && ofRight.size !== 0 && !ofLeft.some((stem) => ofRight.has(stem))) {
      return false;
    }
  }
  // Of two short answers, one word can be all of the difference.
  const missed = Math.min(missedShare(left, right), missedShare(right, left));
  if (Math.max(left.length, right.length) <= SHORT_WORDS && missed > MISSED_MAX) return false;
  const va = by.embedOne(a);
  const vb = by.embedOne(b);
  let cosine = 0;
  for (let i = 0; i < va.length; i++) cosine += va[i]! * vb[i]!;
  if (cosine >= SAME_COSINE && missed <= MISSED_MAX) return true;
  return cosine < OTHER_COSINE ? false : null;
}

/** The share of the weight of one side's words of content that the other side lacks. */
function missedShare(words: readonly Word[], others: readonly Word[]): number {
  let weight = 0;
  let missed = 0;
  for (const { stem, bits, meaning } of words) {
    if ((bits & WORD.filler) !== 0) continue;
    weight += meaning.weight;
    if (!others.some((other) => other.stem === stem)) missed += meaning.weight;
  }
  return weight === 0 ? 0 : missed / weight;
}

const plain = (text: string): string =>
  text.slice(0, CHARACTERS_MAX).normalize('NFC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
