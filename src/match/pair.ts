import { BucketSet } from './bucket-set.ts';
import { joinHashes, pairHashes } from './hash.ts';
import { PAIR_FEATURE_COUNT, readPair } from './pair-features.ts';
import { WORDS_MAX } from './phrase.ts';
import type { Phrase, Word } from './phrase.ts';

/** Two questions as a matcher sees them. */
export interface QuestionPair {
  /** In the order of `PAIR_FEATURES`. */
  readonly dense: Float64Array;
  /** Hashes of what words, and what runs of words, the two share and lack; distinct. */
  readonly buckets: Int32Array;
}

const BUCKETS_MAX = 192;
/** Missed words of the two sides are paired up to this many pairs. */
const PAIRS_MAX = 30;

/** `entry` tells the stored question apart from others; `cosine` is that of the sentence vectors. */
export function pairQuestions(
  asked: Phrase,
  stored: Phrase,
  { cosine, entry }: { readonly cosine: number; readonly entry: number },
): QuestionPair {
  const dense = readPair(asked, stored, cosine, new Float64Array(PAIR_FEATURE_COUNT));
  return { dense, buckets: bucketsOf(asked.words, stored.words, entry) };
}

const KINDS = {
  missed: 1,
  both: 2,
  alone: 3,
  shared: 4,
  entry: 5,
  /** Two words that follow each other, and two with one between them. */
  missedRun: 6,
  sharedRun: 7,
  missedSkip: 8,
} as const;

const buckets = new BucketSet(BUCKETS_MAX);

/** The same whichever of the two was asked first. */
function bucketsOf(a: readonly Word[], b: readonly Word[], entry: number): Int32Array {
  const left = missing(a, b);
  const right = missing(b, a);
  buckets.clear();
  buckets.add(KINDS.entry, entry);
  addAll(KINDS.missed, left);
  addAll(KINDS.missed, right);
  if (left.length === 0 || right.length === 0) {
    addAll(KINDS.alone, left);
    addAll(KINDS.alone, right);
  } else if (left.length * right.length < PAIRS_MAX) {
    for (const one of left) {
      for (const other of right) buckets.add(KINDS.both, pairHashes(one.hash, other.hash));
    }
  }
  for (const word of a) if (has(b, word)) buckets.add(KINDS.shared, word.hash);
  addRuns(a, b, 1);
  addRuns(a, b, 2);
  return buckets.take();
}

const runsOfOne = new Int32Array(WORDS_MAX);
const runsOfOther = new Int32Array(WORDS_MAX);

/** Words at a distance: what only one side has, and of neighbours what both have. */
function addRuns(a: readonly Word[], b: readonly Word[], distance: 1 | 2): void {
  const missed = distance === 1 ? KINDS.missedRun : KINDS.missedSkip;
  const ofA = readRuns(a, distance, runsOfOne);
  const ofB = readRuns(b, distance, runsOfOther);
  for (let i = 0; i < ofA; i++) {
    const run = runsOfOne[i]!;
    if (!isAmong(runsOfOther, ofB, run)) buckets.add(missed, run);
    else if (distance === 1) buckets.add(KINDS.sharedRun, run);
  }
  for (let i = 0; i < ofB; i++) {
    if (!isAmong(runsOfOne, ofA, runsOfOther[i]!)) buckets.add(missed, runsOfOther[i]!);
  }
}

function readRuns(words: readonly Word[], distance: number, out: Int32Array): number {
  let count = 0;
  for (let i = distance; i < words.length; i++) {
    out[count++] = joinHashes(words[i - distance]!.hash, words[i]!.hash);
  }
  return count;
}

function isAmong(runs: Int32Array, count: number, run: number): boolean {
  for (let i = 0; i < count; i++) if (runs[i] === run) return true;
  return false;
}

function addAll(kind: number, words: readonly Word[]): void {
  for (const { hash } of words) buckets.add(kind, hash);
}

function missing(words: readonly Word[], others: readonly Word[]): readonly Word[] {
  return words.filter((word) => !has(others, word));
}

function has(words: readonly Word[], { hash }: Word): boolean {
  for (const word of words) if (word.hash === hash) return true;
  return false;
}
