import type { Words } from './words.ts';

/** Of the budget, for the very first and the very last piece, which often say what to do. */
const ENDS_SHARE = 0.3;
/** For the pieces at the start and at the end, whatever they say. */
const HEAD_SHARE = 0.12;
const TAIL_SHARE = 0.18;
/** The rest is spent evenly over this many parts of the text, so that no part is missed. */
const PARTS = 16;
const LEVELS = 256;

/** Marks the pieces to keep, within the budget: head, tail, and of each part those with the best scores. */
export function selectPieces(words: Words, scores: Float32Array, budget: number): Uint8Array {
  const { tokens } = words;
  const count = tokens.length;
  const kept = new Uint8Array(count);
  let spent = 0;
  let head = 0;
  while (head < count && spent + tokens[head]! <= budget * (head === 0 ? ENDS_SHARE : HEAD_SHARE)) {
    spent += tokens[head]!;
    kept[head++] = 1;
  }
  const headSpent = spent;
  let tail = count;
  while (
    tail > head &&
    spent - headSpent + tokens[tail - 1]! <= budget * (tail === count ? ENDS_SHARE : TAIL_SHARE)
  ) {
    spent += tokens[--tail]!;
    kept[tail] = 1;
  }
  for (let part = 0; part < PARTS; part++) {
    const from = head + Math.floor(((tail - head) * part) / PARTS);
    const to = head + Math.floor(((tail - head) * (part + 1)) / PARTS);
    const share = (budget - spent) / (PARTS - part);
    spent += keepBest({ words, scores, kept }, from, to, share);
  }
  return kept;
}

interface Selection {
  readonly words: Words;
  readonly scores: Float32Array;
  readonly kept: Uint8Array;
}

/** Keeps the best pieces of a part, by a histogram instead of a sort; answers the tokens they take. */
function keepBest(
  { words, scores, kept }: Selection,
  from: number,
  to: number,
  budget: number,
): number {
  const histogram = new Float64Array(LEVELS);
  for (let piece = from; piece < to; piece++) {
    histogram[levelOf(scores[piece]!)]! += words.tokens[piece]!;
  }
  let level = LEVELS - 1;
  let above = 0;
  while (level >= 0 && above + histogram[level]! <= budget) above += histogram[level--]!;
  let spent = 0;
  let room = budget - above;
  for (let piece = from; piece < to; piece++) {
    const tokens = words.tokens[piece]!;
    const own = levelOf(scores[piece]!);
    if (own < level || (own === level && tokens > room)) continue;
    if (own === level) room -= tokens;
    kept[piece] = 1;
    spent += tokens;
  }
  return spent;
}

function levelOf(score: number): number {
  const level = Math.floor(score * LEVELS);
  return level < 0 ? 0 : level >= LEVELS ? LEVELS - 1 : level;
}
