import { FREQUENT_WORDS } from './frequent-words.ts';
import { foldCharacters } from './folding.ts';
import type { Disguise } from './folding.ts';
import { foldLeet, joinSpacedLetters, SPACED_LETTERS_MIN } from './letters.ts';
import {
  backwards,
  decodedEscapes,
  decodedRuns,
  ENCODED_WORD_MIN,
  ESCAPES_MIN,
  rot13,
} from './payloads.ts';
import type { PatternCounts } from './pattern-scan.ts';
import type { KnownWords } from './word-scan.ts';

const PAYLOADS_MAX = 12;
const TRIGGERS_MIN = 2;

/** A text as a reader would understand it. */
export interface AttackView {
  /** Without disguise; the same string where there was none. */
  readonly text: string;
  /** What was found encoded in it, also twice over; a bounded number of bounded texts. */
  readonly payloads: readonly string[];
  readonly disguises: ReadonlySet<Disguise>;
}

export class AttackViews {
  readonly #known: KnownWords;
  readonly #common: ReadonlySet<string> = new Set(FREQUENT_WORDS.split(/\s+/));

  constructor(known: KnownWords) {
    this.#known = known;
  }

  /** Looks for the disguises that the first scan makes possible. Linear in the text. */
  of(source: string, first: PatternCounts): AttackView {
    const { traits } = first;
    const disguises = new Set<Disguise>();
    const payloads: string[] = [];
    let text = source;
    if (traits.hasWide) {
      const folded = foldCharacters(source);
      if (folded.hasInvisible) disguises.add('invisible');
      if (folded.hasLookAlike) disguises.add('look-alike');
      if (folded.tagText !== '') payloads.push(folded.tagText);
      text = folded.text;
    }
    const isFolded = text !== source;
    if (isFolded || traits.longestWord >= ENCODED_WORD_MIN) addRuns(text, payloads);
    if (first.turned >= TRIGGERS_MIN) payloads.push(rot13(text));
    if (first.backward >= TRIGGERS_MIN) payloads.push(backwards(text));
    if (traits.escapes >= ESCAPES_MIN) payloads.push(decodedEscapes(text));
    if (payloads.length > 0) disguises.add('encoded');
    if (isFolded || traits.singlesInRow >= SPACED_LETTERS_MIN) {
      const joined = joinSpacedLetters(text, this.#isWord);
      if (joined !== null) disguises.add('spaced');
      text = joined ?? text;
    }
    if (isFolded || traits.hasMixedWord) {
      const plain = foldLeet(text, this.#known, this.#isWord);
      if (plain !== null) disguises.add('leet');
      text = plain ?? text;
    }
    return { text, payloads: payloads.slice(0, PAYLOADS_MAX), disguises };
  }

  readonly #isWord = (word: string): boolean => this.#common.has(word) || this.#known.has(word);
}

/** What runs of encoded text say, and what runs within that say. */
function addRuns(text: string, payloads: string[]): void {
  for (const outer of decodedRuns(text)) {
    payloads.push(foldCharacters(outer).text);
    for (const inner of decodedRuns(outer)) payloads.push(foldCharacters(inner).text);
  }
}
