import type { Words } from './words.ts';

/**
 * How much each quality counts. Chosen by two measures: the fast heads say the same of the result as of
 * the whole, and a question hidden in the middle of other prose is kept.
 */
const WEIGHTS = {
  /** Nearness to the head or the tail. */
  position: 0.1,
  /** Likeness to the text as a whole: cosine of tf-idf vectors. */
  centrality: 0.3,
  /** Share of words that no earlier piece has. */
  novelty: 0.6,
};

const POSITION_DEPTH = 0.5;
/** Words of a piece from which its means are trusted in full. */
const WORDS_FULL = 6;

/** How much each piece tells, 0–1: linear in the number of words, where TextRank is quadratic in pieces. */
export function scorePieces(words: Words): Float32Array {
  const count = words.tokens.length;
  const rarities = raritiesOf(words.pieceCounts, count);
  const documentNorm = normOf(words.pieceCounts, rarities);
  const scores = new Float32Array(count);
  for (let piece = 0; piece < count; piece++) {
    const from = words.firsts[piece]!;
    const to = words.firsts[piece + 1]!;
    const length = to - from;
    if (length === 0) continue;
    let squares = 0;
    let product = 0;
    for (let i = from; i < to; i++) {
      const bucket = words.buckets[i]!;
      const rarity = rarities[bucket]!;
      const square = rarity * rarity;
      squares += square;
      product += square * words.pieceCounts[bucket]!;
    }
    const centrality = product / (Math.sqrt(squares) * documentNorm + 1e-9);
    const score =
      WEIGHTS.centrality * Math.min(1, centrality * 2) +
      WEIGHTS.novelty * (words.newWords[piece]! / length) +
      WEIGHTS.position * positionOf(piece, count);
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
