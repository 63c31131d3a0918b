import { exceedsTokens } from './compress/characters.ts';
import { codesOf } from './compress/codes.ts';
import { excerptOf } from './compress/excerpt.ts';
import type { Pieces } from './compress/pieces.ts';
import { scorePieces } from './compress/scores.ts';
import { selectPieces } from './compress/select.ts';
import { cutPieces } from './compress/structure.ts';
import { readWords } from './compress/words.ts';

export interface CompressedText {
  readonly text: string;
  /** Characters kept of those given, 0–1. */
  readonly keptRatio: number;
}

/** Characters of one token at most: what has more per token, such as blanks, is long all the same. */
const CHARACTERS_PER_TOKEN_MAX = 16;

/**
 * What a signal reads instead of a long text, in about `budgetTokens` word pieces at most: head and
 * tail, skeletons of code and JSON, and the sentences that tell most, in their order. A text
 * within the budget, or of one sentence, is unchanged. Linear in the text, and bounded: of more than
 * a million characters it reads samples.
 */
export function compressForSignals(text: string, budgetTokens: number): CompressedText {
  const isLong = text.length > budgetTokens * CHARACTERS_PER_TOKEN_MAX;
  if (!isLong && !exceedsTokens(text, budgetTokens)) return { text, keptRatio: 1 };
  const excerpt = excerptOf(text);
  const codes = codesOf(excerpt);
  const pieces = cutPieces(codes);
  if (pieces.count === 1 && !isLong) return { text, keptRatio: 1 };
  const words = readWords(codes, pieces);
  const scores = scorePieces(words);
  const kept = selectPieces(words, scores, budgetTokens);
  const shorter = join(excerpt, pieces, kept) || excerpt.trim().slice(0, budgetTokens);
  return { text: shorter, keptRatio: shorter.length / text.length };
}

/** The kept pieces in order; neighbours stay together as they were, others stand on lines of their own. */
function join(text: string, { starts, ends, count }: Pieces, kept: Uint8Array): string {
  const parts: string[] = [];
  for (let piece = 0; piece < count; piece++) {
    if (kept[piece] === 0) continue;
    const start = starts[piece]!;
    while (kept[piece + 1] === 1 && starts[piece + 1]! - ends[piece]! <= 2) piece++;
    parts.push(text.slice(start, ends[piece]));
  }
  return parts.join('\n');
}
