import type { Pieces, Stretch } from './pieces.ts';

/** A shorter document is read whole. */
const LENGTH_MIN = 400;
/** Of a long string its beginning tells what it is about. */
const STRING_MAX = 240;
/** Neighbouring members are one piece up to this length. */
const PIECE_MAX = 160;
/** Between the end of one string and the start of the next of the same piece: `": "`, `", "`. */
const GAP_MAX = 24;
const DEPTH_MAX = 512;

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_OBJECT = 123;
const OPEN_ARRAY = 91;

/**
 * Where the JSON document that begins at `from` ends, exclusive; or, where there is none, the
 * negated offset at which that is plain: nothing before it begins one.
 */
export function endOfJson(codes: Uint16Array, from: number): number {
  const to = codes.length;
  const opens = new Uint8Array(DEPTH_MAX);
  let depth = 0;
  for (let at = from; at < to; at++) {
    const code = codes[at]!;
    if (code === QUOTE) {
      at = endOfString(codes, at, to);
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (depth === DEPTH_MAX) return -at;
      opens[depth++] = code;
    } else if (code === OPEN_OBJECT + 2 || code === OPEN_ARRAY + 2) {
      if (opens[--depth] !== code - 2) return -at;
      if (depth === 0) return at + 1 - from < LENGTH_MIN ? -(at + 1) : at + 1;
    }
  }
  return -to;
}

/** Whether what follows the bracket at `at` can be JSON: keeps stage directions and code out. */
export function beginsJson(codes: Uint16Array, at: number): boolean {
  const isObject = codes[at] === OPEN_OBJECT;
  let next = at + 1;
  while (next < at + 64 && codes[next]! <= 32) next++;
  const code = codes[next]!;
  if (code === QUOTE || code === OPEN_OBJECT || code === OPEN_ARRAY) {
    return !isObject || code === QUOTE;
  }
  return !isObject && ((code >= 48 && code <= 57) || code === 45);
}

/** Adds the strings of a document, each once and no longer than tells: keys, then the values that differ. */
export function cutJson(codes: Uint16Array, span: Stretch, pieces: Pieces): void {
  const seen = new Set<number>();
  let start = -1;
  let end = -1;
  for (let at = span.start; at < span.end; at++) {
    if (codes[at]! !== QUOTE) continue;
    const close = endOfString(codes, at, span.end);
    const kept = Math.min(close, at + STRING_MAX);
    const hash = hashOf(codes, at, kept);
    if (!seen.has(hash)) {
      seen.add(hash);
      if (start < 0) {
        start = at;
      } else if (at - end > GAP_MAX || kept - start > PIECE_MAX) {
        pieces.add(start, end);
        start = at;
      }
      end = kept;
    }
    at = close;
  }
  if (start >= 0) pieces.add(start, end);
}

/** The offset of the closing quote, or of the last character where there is none. */
function endOfString(codes: Uint16Array, open: number, to: number): number {
  for (let at = open + 1; at < to; at++) {
    const code = codes[at]!;
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at;
  }
  return to - 1;
}

function hashOf(codes: Uint16Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) {
    hash = Math.imul(hash ^ codes[at]!, 0x01000193);
  }
  return hash;
}
