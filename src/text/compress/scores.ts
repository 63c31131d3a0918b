import type { Pieces } from './pieces.ts';
import type { Words } from './words.ts';

/** How much each quality counts; `weights.test.ts` and `bourse eval compression` hold them to their use. */
export interface ScoreWeights {
  /** Nearness to the head or the tail. */
  readonly position: number;
  /** Likeness to the text as a whole: cosine of tf-idf vectors. */
  readonly centrality: number;
  /** Mean rarity of its words. */
  readonly rarity: number;
  /** Share of words that no earlier piece has. */
  readonly novelty: number;
  /** It asks. */
  readonly question: number;
}

export const SCORE_WEIGHTS: ScoreWeights = {
  position: 0.1,
  centrality: 0.4,
  rarity: 0.25,
  novelty: 0.15,
  question: 0.1,
};

const POSITION_DEPTH = 0.5;
/** Words of a piece from which its means are trusted in full. */
const WORDS_FULL = 6;
const QUESTION_MARKS: ReadonlySet<number> = new Set([63, 0xff1f, 0x61f]);

/** How much each piece tells, 0–1: linear in the number of words, where TextRank is quadratic in pieces. */
export function scorePieces(
  codes: Uint16Array,
  pieces: Pieces,
  words: Words,
  weights: ScoreWeights,
): Float32Array {
  const { count } = pieces;
  const rarities = raritiesOf(words.pieceCounts, count);
  const rarityMax = Math.log1p(count);
  const documentNorm = normOf(words.pieceCounts, rarities);
  const scores = new Float32Array(count);
  for (let piece = 0; piece < count; piece++) {
    const from = words.firsts[piece]!;
    const to = words.firsts[piece + 1]!;
    const length = to - from;
    if (length === 0) continue;
    let sum = 0;
    let squares = 0;
    let product = 0;
    for (let i = from; i < to; i++) {
      const bucket = words.buckets[i]!;
      const rarity = rarities[bucket]!;
      const square = rarity * rarity;
      sum += rarity;
      squares += square;
      product += square * words.pieceCounts[bucket]!;
    }
    const centrality = product / (Math.sqrt(squares) * documentNorm + 1e-9);
    const last = codes[pieces.ends[piece]! - 1]!;
    const score =
      weights.centrality * Math.min(1, centrality * 2) +
      weights.rarity * (sum / (length * rarityMax)) +
      weights.novelty * (words.newWords[piece]! / length) +
      weights.position * positionOf(piece, count) +
      weights.question * (QUESTION_MARKS.has(last) ? 1 : 0);
    scores[piece] = score * Math.min(1, length / WORDS_FULL);
  }
  return scores;
}

/** 1 at both ends, less in between: 1 − d·sin(π·i/(n − 1)). */
function positionOf(piece: number, count: number): number {
  if (count < 2) return 1;
  return 1 - POSITION_DEPTH * Math.sin((Math.PI * piece) / (count - 1));
}

/** Inverse document frequency, a piece being a document: ln(1 + n/(pieces with the word)). */
function raritiesOf(pieceCounts: Int32Array, count: number): Float32Array {
  const rarities = new Float32Array(pieceCounts.length);
  for (let bucket = 0; bucket < pieceCounts.length; bucket++) {
    const inPieces = pieceCounts[bucket]!;
    if (inPieces > 0) rarities[bucket] = Math.log1p(count / inPieces) - Math.LN2;
  }
  return rarities;
}

function normOf(pieceCounts: Int32Array, rarities: Float32Array): number {
  let squares = 0;
  for (let bucket = 0; bucket < pieceCounts.length; bucket++) {
    const weight = pieceCounts[bucket]! * rarities[bucket]!;
    squares += weight * weight;
  }
  return Math.sqrt(squares);
}
