import { BLANK, DIGIT, IDEOGRAPH, MARK, kindOf, tokensOfRun } from './characters.ts';
import type { Pieces } from './pieces.ts';

/** Words are known by a hash of so many bits: a collision makes two words one, which costs little. */
const BUCKET_BITS_MIN = 8;
const BUCKET_BITS_MAX = 15;

/** The words of all pieces, in order. */
export interface Words {
  /** Bucket of each word. */
  readonly buckets: Uint16Array;
  /** Piece `i` has the words from `firsts[i]` to `firsts[i + 1]`, exclusive. */
  readonly firsts: Int32Array;
  /** Estimated tokens of each piece. */
  readonly tokens: Int32Array;
  /** In how many pieces a word stands, by bucket. */
  readonly pieceCounts: Int32Array;
  /** How many words of each piece stand in no piece before it. */
  readonly newWords: Int32Array;
}

/** Reads all pieces once. Case is ignored for ASCII; numbers and marks are no words, but are tokens. */
export function readWords(codes: Uint16Array, pieces: Pieces): Words {
  const { count, starts, ends } = pieces;
  const bits = Math.min(BUCKET_BITS_MAX, Math.max(BUCKET_BITS_MIN, 32 - Math.clz32(codes.length)));
  const words = {
    buckets: new Uint16Array(codes.length + 1),
    firsts: new Int32Array(count + 1),
    tokens: new Int32Array(count),
    pieceCounts: new Int32Array(1 << bits),
    newWords: new Int32Array(count),
  };
  const lastPieces = new Int32Array(1 << bits);
  let next = 0;
  for (let piece = 0; piece < count; piece++) {
    const end = ends[piece]!;
    let tokens = 0;
    for (let at = starts[piece]!; at < end;) {
      const kind = kindOf(codes[at]!);
      const start = at++;
      if (kind === BLANK) continue;
      if (kind === MARK) {
        tokens++;
        continue;
      }
      let hash = codes[start]! | 32;
      if (kind !== IDEOGRAPH) {
        for (; at < end; at++) {
          const code = codes[at]!;
          if (kindOf(code) !== kind) break;
          hash = (Math.imul(hash, 31) + (code | 32)) | 0;
        }
      }
      tokens += tokensOfRun(kind, at - start);
      if (kind === DIGIT) continue;
      const mixed = Math.imul(hash, 0x9e3779b1);
      const bucket = mixed >>> (32 - bits);
      words.buckets[next++] = bucket;
      if (lastPieces[bucket] !== piece + 1) {
        lastPieces[bucket] = piece + 1;
        if (words.pieceCounts[bucket]!++ === 0) words.newWords[piece]!++;
      }
    }
    words.tokens[piece] = tokens;
    words.firsts[piece + 1] = next;
  }
  return words;
}
