import { WordPiece } from '../word-piece.ts';
import type { WordPieceOptions } from '../word-piece.ts';
import type { DeepTokeniser, DeepTokens } from './token-session.ts';

export interface WordPieceTokensOptions extends WordPieceOptions {
  /** The pieces that stand before and behind every window. */
  readonly start: string;
  readonly end: string;
}

/** Our WordPiece as a transformer's tokeniser. Throws `RangeError` where a special piece is missing. */
export function createWordPieceTokens(options: WordPieceTokensOptions): DeepTokeniser {
  const { pieces, continuation, start, end, unknown } = options;
  const words = new WordPiece(options);
  const idOf = (piece: string): number => {
    const id = pieces.indexOf(piece);
    if (id === -1) throw new RangeError(`the vocabulary lacks "${piece}"`);
    return id;
  };
  idOf(unknown);
  const goesOn = Uint8Array.from(pieces, (piece) => (piece.startsWith(continuation) ? 1 : 0));
  return {
    before: [idOf(start)],
    after: [idOf(end)],
    encode(text): DeepTokens {
      const { ids, starts, ends } = words.encodePlaced(text);
      return { ids, starts, ends, continues: Uint8Array.from(ids, (id) => goesOn[id]!) };
    },
  };
}
