import { hashOf } from './hash.ts';
import { WORD, bitsOf } from './lexicon.ts';

/** What a word means: its vector of unit length, and how much it weighs in a sentence. */
export interface WordMeaning {
  readonly vector: Float32Array;
  readonly weight: number;
}

export interface Word {
  /** Folded: lower case, without accents. */
  readonly text: string;
  /** The same without endings of number and tense. */
  readonly stem: string;
  /** Of the stem. */
  readonly hash: number;
  /** Of `WORD`. */
  readonly bits: number;
  readonly meaning: WordMeaning;
}

/** A text as words: what a comparison of two questions looks at. */
export interface Phrase {
  readonly text: string;
  readonly words: readonly Word[];
}

export type WordMeanings = (word: string) => WordMeaning;

/** Of a longer text the first words are looked at, and its length tells the rest. */
export const WORDS_MAX = 64;
const CHARACTERS_MAX = 2_000;
const ASCII = /^[\x20-\x7e\s]*$/;
const WORD_PATTERN = /[\p{L}\p{N}]+(?:[.,:/'’-][\p{L}\p{N}]+)*|[$€£%+#]/gu;

export function readPhrase(text: string, meanings: WordMeanings): Phrase {
  const cut = text.length > CHARACTERS_MAX ? text.slice(0, CHARACTERS_MAX) : text;
  const words: Word[] = [];
  let isFirst = true;
  const isShouted = cut === cut.toUpperCase();
  for (const [written] of cut.matchAll(WORD_PATTERN)) {
    if (words.length === WORDS_MAX) break;
    const folded = fold(written);
    let bits = bitsOf(folded);
    if (/\d/.test(folded)) bits |= WORD.number;
    if (!isFirst && !isShouted && written !== written.toLowerCase() && folded !== 'i') {
      bits |= WORD.name;
    }
    isFirst = false;
    const stem = stemOf(folded);
    words.push({ text: folded, stem, hash: hashOf(stem), bits, meaning: meanings(folded) });
  }
  return { text, words };
}

function fold(word: string): string {
  if (ASCII.test(word)) return word.toLowerCase().replace(/['’]/g, '');
  return word
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\p{Cf}'’]/gu, '')
    .toLowerCase();
}

/** English endings; a stem need not be a word, as long as both forms come to the same. */
export function stemOf(word: string): string {
  let stem = word;
  if (stem.length <= 3) return stem;
  if (stem.endsWith('ies') && stem.length > 4) stem = `${stem.slice(0, -3)}y`;
  else if (/(?:ss|us|is)$/.test(stem)) return stem;
  else if (/(?:ches|shes|xes|sses|zes)$/.test(stem)) stem = stem.slice(0, -2);
  else if (stem.endsWith('s')) stem = stem.slice(0, -1);
  if (stem.length > 5 && stem.endsWith('ing')) stem = undoubled(stem.slice(0, -3));
  else if (stem.length > 4 && stem.endsWith('ed')) stem = undoubled(stem.slice(0, -2));
  return stem.length > 4 && stem.endsWith('e') ? stem.slice(0, -1) : stem;
}

/** `stopp` → `stop`; `ll` and `ss` stay as they are. */
function undoubled(stem: string): string {
  const last = stem.at(-1)!;
  if (stem.length < 4 || last !== stem.at(-2) || 'aeiouls'.includes(last)) return stem;
  return stem.slice(0, -1);
}
