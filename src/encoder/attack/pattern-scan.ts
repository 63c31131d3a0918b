import { WORD_CLASSES } from './lexicon.ts';
import type { WordClass } from './lexicon.ts';
import { ATTACK_PATTERNS } from './patterns.ts';
import { KnownWords, scanWords } from './word-scan.ts';
import type { TextTraits, WordSink } from './word-scan.ts';

/** Known words that are looked back upon; a pattern spans at most this many. */
const LOOK_BACK = 16;
/** A word about words makes a mention of a pattern that begins at most this many words behind it. */
const MENTION_WORDS = 12;
const NOWHERE = -1_000;

interface CompiledPattern {
  readonly number: number;
  readonly steps: readonly (readonly number[])[];
  readonly gaps: readonly number[];
}

/** How often each pattern holds: as an order, and as a mention. Indexed as ATTACK_PATTERNS. */
export interface PatternCounts {
  readonly orders: Uint32Array;
  readonly mentions: Uint32Array;
  readonly traits: TextTraits;
  /** Trigger words in rot13, and written backwards. */
  readonly turned: number;
  readonly backward: number;
}

/** Finds the reviewed patterns in one pass over the text; the work per word is bounded. */
export class PatternScan implements WordSink {
  readonly words: KnownWords;
  readonly #byLastClass: readonly (readonly CompiledPattern[])[];
  readonly #mention: number;
  readonly #turnedTrigger: number;
  readonly #backwardTrigger: number;
  readonly #classes: Uint8Array[] = [];
  readonly #places = new Int32Array(LOOK_BACK);
  #turned = 0;
  #backward = 0;
  #count = 0;
  #mentionedAt = NOWHERE;
  #orders = new Uint32Array(0);
  #mentions = new Uint32Array(0);

  constructor() {
    const names = Object.keys(WORD_CLASSES) as WordClass[];
    const numberOf = new Map(names.map((name, i) => [name, i]));
    this.words = new KnownWords(names.length);
    names.forEach((name, i) => {
      for (const word of WORD_CLASSES[name].split(/\s+/)) this.words.add(word, i);
    });
    this.#mention = numberOf.get('mention')!;
    this.#turnedTrigger = numberOf.get('turnedTrigger')!;
    this.#backwardTrigger = numberOf.get('backwardTrigger')!;
    const byLastClass: CompiledPattern[][] = names.map(() => []);
    ATTACK_PATTERNS.forEach(({ steps, gaps }, number) => {
      const compiled = {
        number,
        steps: steps.map((step) => step.map((name) => numberOf.get(name)!)),
        gaps,
      };
      for (const last of compiled.steps.at(-1)!) byLastClass[last]!.push(compiled);
    });
    this.#byLastClass = byLastClass;
  }

  count(text: string): PatternCounts {
    this.#orders = new Uint32Array(ATTACK_PATTERNS.length);
    this.#mentions = new Uint32Array(ATTACK_PATTERNS.length);
    this.#count = 0;
    this.#mentionedAt = NOWHERE;
    this.#turned = 0;
    this.#backward = 0;
    const traits = scanWords(text, this.words, this);
    return {
      orders: this.#orders,
      mentions: this.#mentions,
      traits,
      turned: this.#turned,
      backward: this.#backward,
    };
  }

  word(classes: Uint8Array, place: number, isQuoted: boolean): void {
    if (classes[this.#turnedTrigger] === 1) this.#turned += 1;
    if (classes[this.#backwardTrigger] === 1) this.#backward += 1;
    const slot = this.#count % LOOK_BACK;
    this.#classes[slot] = classes;
    this.#places[slot] = place;
    this.#count += 1;
    for (let c = 0; c < classes.length; c++) {
      if (classes[c] === 0) continue;
      for (const pattern of this.#byLastClass[c]!) {
        const first = this.#firstPlace(pattern);
        if (first === NOWHERE) continue;
        const isMention =
          isQuoted || (this.#mentionedAt < first && first - this.#mentionedAt <= MENTION_WORDS);
        const counts = isMention ? this.#mentions : this.#orders;
        counts[pattern.number]! += 1;
      }
    }
    if (classes[this.#mention] === 1) this.#mentionedAt = place;
  }

  /** Where a match that ends with the latest word begins. Greedy: the nearest fitting word is taken for each step. */
  #firstPlace({ steps, gaps }: CompiledPattern): number {
    let step = steps.length - 2;
    let from = this.#count - 1;
    const oldest = Math.max(0, this.#count - LOOK_BACK);
    for (let i = from - 1; step >= 0 && i >= oldest; i--) {
      const distance = this.#places[from % LOOK_BACK]! - this.#places[i % LOOK_BACK]! - 1;
      if (distance > gaps[step]!) return NOWHERE;
      if (hasAny(this.#classes[i % LOOK_BACK]!, steps[step]!)) {
        from = i;
        step -= 1;
      }
    }
    return step < 0 ? this.#places[from % LOOK_BACK]! : NOWHERE;
  }
}

function hasAny(classes: Uint8Array, wanted: readonly number[]): boolean {
  for (let i = 0; i < wanted.length; i++) if (classes[wanted[i]!] === 1) return true;
  return false;
}
