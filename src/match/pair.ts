import { PAIR_FEATURE_COUNT, readPair } from './pair-features.ts';
import type { Phrase, Word } from './phrase.ts';

/** Two questions as a matcher sees them. */
export interface QuestionPair {
  /** In the order of `PAIR_FEATURES`. */
  readonly dense: Float64Array;
  /** Buckets of what words the two share and lack; distinct. */
  readonly buckets: Int32Array;
}

/** Binary logarithm of the number of buckets. */
export const BUCKET_BITS = 16;
const BUCKETS_MASK = (1 << BUCKET_BITS) - 1;
const BUCKETS_MAX = 96;
/** Missed words of the two sides are paired up to this many pairs. */
const PAIRS_MAX = 30;
const MIX = 0x9e3779b1;

/** `entry` tells the stored question apart from others; `cosine` is that of the sentence vectors. */
export function pairQuestions(
  asked: Phrase,
  stored: Phrase,
  { cosine, entry }: { readonly cosine: number; readonly entry: number },
): QuestionPair {
  const dense = readPair(asked, stored, cosine, new Float64Array(PAIR_FEATURE_COUNT));
  return { dense, buckets: bucketsOf(asked.words, stored.words, entry) };
}

const KINDS = { missed: 1, both: 2, alone: 3, shared: 4, entry: 5 } as const;

function bucketsOf(a: readonly Word[], b: readonly Word[], entry: number): Int32Array {
  const left = missing(a, b);
  const right = missing(b, a);
  const buckets = new Set<number>();
  const add = (kind: number, hash: number): void => {
    if (buckets.size < BUCKETS_MAX) buckets.add(bucketOf(kind, hash));
  };
  add(KINDS.entry, entry);
  for (const word of left) add(KINDS.missed, hashOf(word.stem));
  for (const word of right) add(KINDS.missed, hashOf(word.stem));
  if (left.length === 0 || right.length === 0) {
    for (const word of left) add(KINDS.alone, hashOf(word.stem));
    for (const word of right) add(KINDS.alone, hashOf(word.stem));
  } else if (left.length * right.length < PAIRS_MAX) {
    for (const one of left) {
      for (const other of right) {
        // The same whichever of the two was asked first.
        const x = hashOf(one.stem);
        const y = hashOf(other.stem);
        add(KINDS.both, Math.imul(Math.min(x, y), MIX) ^ Math.max(x, y));
      }
    }
  }
  for (const word of a) {
    if (b.some(({ stem }) => stem === word.stem)) add(KINDS.shared, hashOf(word.stem));
  }
  return Int32Array.from(buckets);
}

function missing(words: readonly Word[], others: readonly Word[]): readonly Word[] {
  return words.filter((word) => !others.some(({ stem }) => stem === word.stem));
}

function bucketOf(kind: number, hash: number): number {
  let h = Math.imul(hash ^ Math.imul(kind, 0x85ebca6b), MIX);
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
  return (h ^ (h >>> 13)) & BUCKETS_MASK;
}

export function hashOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h | 0;
}
