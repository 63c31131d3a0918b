import { dot } from './dot.ts';
import { WORD, areOpposite, areRivals } from './lexicon.ts';
import type { Phrase, Word } from './phrase.ts';

/** The features of a pair of questions, in their order in `PairFeatures`. All are about 0–1, symmetric but for none. */
export const PAIR_FEATURES = [
  'bias',
  'cosine',
  'cosineHigh',
  'cosineHigher',
  'wordOverlap',
  'stemOverlap',
  'trigramOverlap',
  'contentMissedMost',
  'contentMissedLeast',
  'contentMissedBoth',
  'heaviestMissed',
  'alignedWorst',
  'alignedMean',
  'remainderCosine',
  'isOneRemainderEmpty',
  'isNothingMissed',
  'substituted',
  'numbersDiffer',
  'numbersMissing',
  'namesDiffer',
  'namesMissing',
  'negationDiffers',
  'questionDiffers',
  'questionMissing',
  'opposed',
  'rivalled',
  'orderDiffers',
  'orderSwapped',
  'lengthDiffers',
  'isShort',
  'isLong',
  'isSameText',
  'cosineTimesOverlap',
  'firstWordSame',
  'lastWordSame',
  'missedCountMost',
  'missedCountLeast',
] as const;

export const PAIR_FEATURE_COUNT = PAIR_FEATURES.length;

/** Word meanings nearer than this are said to be the same thing in other words. */
const SYNONYM_COSINE = 0.82;

/** Fills `out` with what tells whether two questions want the same answer. `cosine`: of their sentence vectors. */
export function readPair(a: Phrase, b: Phrase, cosine: number, out: Float64Array): Float64Array {
  const left = coverage(a.words, b.words);
  const right = coverage(b.words, a.words);
  const missedLeft = left.missed;
  const missedRight = right.missed;
  const overlap = shareOf(left.matchedTexts, a.words.length, b.words.length);
  const stems = shareOf(left.matched, a.words.length, b.words.length);
  const shareLeft = left.missedWeight / Math.max(left.weight, 1e-9);
  const shareRight = right.missedWeight / Math.max(right.weight, 1e-9);
  const aligned = align(missedLeft, b.words);
  const alignedBack = align(missedRight, a.words);
  const rest = remainder(missedLeft, missedRight);
  let at = 0;
  out[at++] = 1;
  out[at++] = cosine;
  out[at++] = Math.max(0, cosine - 0.8) * 5;
  out[at++] = Math.max(0, cosine - 0.93) * 14;
  out[at++] = overlap;
  out[at++] = stems;
  out[at++] = trigramOverlap(a.text, b.text);
  out[at++] = Math.max(shareLeft, shareRight);
  out[at++] = Math.min(shareLeft, shareRight);
  out[at++] = shareLeft * shareRight;
  out[at++] = Math.max(left.heaviest, right.heaviest);
  out[at++] = Math.min(aligned.worst, alignedBack.worst);
  out[at++] = (aligned.mean + alignedBack.mean) / 2;
  out[at++] = rest.cosine;
  out[at++] = rest.isOneEmpty ? 1 : 0;
  out[at++] = rest.isEmpty ? 1 : 0;
  out[at++] = substitutions(missedLeft, missedRight);
  out[at++] = kindDiffers(left, right, WORD.number, true);
  out[at++] = kindDiffers(left, right, WORD.number, false);
  out[at++] = kindDiffers(left, right, WORD.name, true);
  out[at++] = kindDiffers(left, right, WORD.name, false);
  out[at++] = parity(a.words) === parity(b.words) ? 0 : 1;
  const asked = questionsDiffer(a.words, b.words);
  out[at++] = asked === 2 ? 1 : 0;
  out[at++] = asked === 1 ? 1 : 0;
  out[at++] = opposed(missedLeft, missedRight);
  out[at++] = rivalled(missedLeft, missedRight);
  const order = orderOf(a.words, b.words);
  out[at++] = order;
  out[at++] = rest.isEmpty && order > 0 ? 1 : 0;
  const lengthA = a.words.length;
  const lengthB = b.words.length;
  out[at++] = Math.abs(lengthA - lengthB) / Math.max(lengthA, lengthB, 1);
  out[at++] = Math.min(lengthA, lengthB) < 5 ? 1 : 0;
  out[at++] = Math.min(1, Math.max(lengthA, lengthB) / 40);
  out[at++] = a.text === b.text ? 1 : 0;
  out[at++] = cosine * stems;
  out[at++] = a.words[0]?.stem === b.words[0]?.stem ? 1 : 0;
  out[at++] = a.words.at(-1)?.stem === b.words.at(-1)?.stem ? 1 : 0;
  out[at++] = Math.min(1, Math.max(missedLeft.length, missedRight.length) / 8);
  out[at++] = Math.min(1, Math.min(missedLeft.length, missedRight.length) / 8);
  return out;
}

interface Coverage {
  /** Words of content that the other text lacks. */
  readonly missed: readonly Word[];
  /** All words that the other text has, by text and by stem. */
  readonly matchedTexts: number;
  readonly matched: number;
  readonly weight: number;
  readonly missedWeight: number;
  /** Share of the heaviest missed word. */
  readonly heaviest: number;
}

function coverage(words: readonly Word[], others: readonly Word[]): Coverage {
  const missed: Word[] = [];
  let matchedTexts = 0;
  let matched = 0;
  let weight = 0;
  let missedWeight = 0;
  let heaviest = 0;
  for (const word of words) {
    let isMatched = false;
    for (const other of others) {
      if (other.stem !== word.stem) continue;
      isMatched = true;
      if (other.text === word.text) {
        matchedTexts++;
        break;
      }
    }
    if (isMatched) matched++;
    if ((word.bits & WORD.filler) !== 0 && (word.bits & (WORD.negation | WORD.directed)) === 0) {
      continue;
    }
    const own = word.meaning.weight;
    weight += own;
    if (isMatched) continue;
    missed.push(word);
    missedWeight += own;
    if (own > heaviest) heaviest = own;
  }
  return {
    missed,
    matchedTexts,
    matched,
    weight,
    missedWeight,
    heaviest: heaviest / Math.max(weight, 1e-9),
  };
}

/** Jaccard, by the words of one side that the other has. */
const shareOf = (matched: number, a: number, b: number): number =>
  matched / Math.max(1, a + b - Math.min(matched, Math.min(a, b)));

/** How near the nearest word of the other text comes to each missed word. */
function align(
  missed: readonly Word[],
  others: readonly Word[],
): { readonly worst: number; readonly mean: number } {
  if (missed.length === 0) return { worst: 1, mean: 1 };
  let worst = 1;
  let sum = 0;
  let weight = 0;
  for (const word of missed) {
    let best = 0;
    for (const other of others) {
      const cosine = dot(word.meaning.vector, other.meaning.vector);
      if (cosine > best) best = cosine;
    }
    if (best < worst) worst = best;
    sum += best * word.meaning.weight;
    weight += word.meaning.weight;
  }
  return { worst, mean: weight === 0 ? 0 : sum / weight };
}

function remainder(
  left: readonly Word[],
  right: readonly Word[],
): { readonly cosine: number; readonly isOneEmpty: boolean; readonly isEmpty: boolean } {
  if (left.length === 0 || right.length === 0) {
    const isEmpty = left.length === right.length;
    return { cosine: isEmpty ? 1 : 0, isOneEmpty: !isEmpty, isEmpty };
  }
  const a = weightedSum(left);
  const b = weightedSum(right);
  const norm = Math.sqrt(dot(a, a) * dot(b, b));
  return { cosine: norm === 0 ? 0 : dot(a, b) / norm, isOneEmpty: false, isEmpty: false };
}

function weightedSum(words: readonly Word[]): Float32Array {
  const sum = new Float32Array(words[0]!.meaning.vector.length);
  for (const { meaning } of words) {
    for (let i = 0; i < sum.length; i++) sum[i]! += meaning.weight * meaning.vector[i]!;
  }
  return sum;
}

/** The share of missed words that have no near word among the missed ones of the other side. */
function substitutions(left: readonly Word[], right: readonly Word[]): number {
  if (left.length === 0 || right.length === 0) return 0;
  let count = 0;
  for (const word of left) {
    let best = 0;
    for (const other of right)
      best = Math.max(best, dot(word.meaning.vector, other.meaning.vector));
    if (best < SYNONYM_COSINE) count++;
  }
  return count / left.length;
}

/** Words of a kind that only one side has: on both sides (`isMutual`), or on one alone. */
function kindDiffers(left: Coverage, right: Coverage, bit: number, isMutual: boolean): number {
  const hasLeft = left.missed.some(({ bits }) => (bits & bit) !== 0);
  const hasRight = right.missed.some(({ bits }) => (bits & bit) !== 0);
  return (isMutual ? hasLeft && hasRight : hasLeft !== hasRight) ? 1 : 0;
}

function parity(words: readonly Word[]): number {
  let count = 0;
  for (const { bits } of words) if ((bits & WORD.negation) !== 0) count++;
  return count & 1;
}

/** 0: the same question words; 1: one side has none; 2: others. */
function questionsDiffer(a: readonly Word[], b: readonly Word[]): 0 | 1 | 2 {
  const first = (words: readonly Word[]): string | null =>
    words.find(({ bits }) => (bits & WORD.question) !== 0)?.text ?? null;
  const left = first(a);
  const right = first(b);
  if (left === right) return 0;
  return left === null || right === null ? 1 : 2;
}

function opposed(left: readonly Word[], right: readonly Word[]): number {
  for (const word of left) {
    if ((word.bits & WORD.directed) === 0) continue;
    for (const other of right) {
      if (areOpposite(word.text, other.text) || areOpposite(word.stem, other.stem)) return 1;
    }
  }
  return 0;
}

function rivalled(left: readonly Word[], right: readonly Word[]): number {
  for (const word of left) {
    if ((word.bits & WORD.rival) === 0) continue;
    for (const other of right) if (areRivals(word.text, other.text)) return 1;
  }
  return 0;
}

/** The share of neighbouring shared words of content that stand the other way round. */
function orderOf(a: readonly Word[], b: readonly Word[]): number {
  let pairs = 0;
  let swapped = 0;
  let last = -1;
  for (const word of a) {
    if ((word.bits & WORD.filler) !== 0) continue;
    const place = b.findIndex(({ stem }) => stem === word.stem);
    if (place < 0) continue;
    if (last >= 0 && place !== last) {
      pairs++;
      if (place < last) swapped++;
    }
    last = place;
  }
  return pairs === 0 ? 0 : swapped / pairs;
}

const TRIGRAMS_MAX = 400;
const seen = new Set<number>();

/** Jaccard of the character trigrams: near 1 for typing errors. */
function trigramOverlap(a: string, b: string): number {
  seen.clear();
  eachTrigram(a, (trigram) => seen.add(trigram));
  const countA = seen.size;
  let shared = 0;
  let countB = 0;
  const counted = new Set<number>();
  eachTrigram(b, (trigram) => {
    if (counted.has(trigram)) return;
    counted.add(trigram);
    countB++;
    if (seen.has(trigram)) shared++;
  });
  return shared / Math.max(1, countA + countB - shared);
}

function eachTrigram(text: string, visit: (trigram: number) => void): void {
  const end = Math.min(text.length, TRIGRAMS_MAX);
  let x = 32;
  let y = 32;
  for (let i = 0; i < end; i++) {
    let code = text.charCodeAt(i);
    if (code >= 65 && code <= 90) code += 32;
    if (code < 48 || (code > 57 && code < 97)) code = 32;
    if (code === 32 && y === 32) continue;
    visit(((x * 1024 + y) * 1024 + code) % 4294967291);
    x = y;
    y = code;
  }
}
