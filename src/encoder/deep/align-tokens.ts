import { readCharacter } from '../characters.ts';
import type { DeepTokens } from './token-session.ts';

export interface PieceSurface {
  readonly id: number;
  /** What the piece writes, without the marks of its vocabulary; null for an unknown piece. */
  readonly surface: string | null;
  /** The vocabulary itself says that the piece goes on with a word. */
  readonly isContinuation: boolean;
}

/** How far ahead a piece is looked for: normalisers drop characters, never pages. */
const SEARCH_UNITS_MAX = 64;
const WORD = /^[\p{L}\p{M}\p{N}]$/u;

/**
 * Finds the places of pieces in the text that a foreign tokeniser made them of, by matching letters
 * without case and accents. A piece that is not found stands, empty, where it was looked for.
 */
export function alignTokens(text: string, pieces: readonly PieceSurface[]): DeepTokens {
  const tokens = {
    ids: new Int32Array(pieces.length),
    starts: new Int32Array(pieces.length),
    ends: new Int32Array(pieces.length),
    continues: new Uint8Array(pieces.length),
  };
  let cursor = 0;
  pieces.forEach(({ id, surface, isContinuation }, i) => {
    const place = surface === null ? wordAt(text, cursor) : find(text, cursor, fold(surface));
    tokens.ids[i] = id;
    tokens.starts[i] = place?.start ?? cursor;
    tokens.ends[i] = place?.end ?? cursor;
    if (place === null) return;
    const joins = place.start === cursor && joinsWord(text, cursor);
    tokens.continues[i] = i > 0 && (isContinuation || joins) ? 1 : 0;
    cursor = place.end;
  });
  return tokens;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function find(text: string, from: number, wanted: string): Place | null {
  if (wanted === '') return { start: from, end: from };
  const last = Math.min(text.length, from + SEARCH_UNITS_MAX);
  for (let start = from; start < last; start++) {
    const end = matchAt(text, start, wanted);
    if (end !== -1) return { start, end };
  }
  return null;
}

/** Where the match that begins at `start` ends, or −1. */
function matchAt(text: string, start: number, wanted: string): number {
  let matched = 0;
  let at = start;
  while (matched < wanted.length && at < text.length) {
    const character = String.fromCodePoint(text.codePointAt(at)!);
    const folded = fold(character);
    if (folded === '' ? at === start : !wanted.startsWith(folded, matched)) return -1;
    matched += folded.length;
    at += character.length;
  }
  return matched === wanted.length ? at : -1;
}

function wordAt(text: string, from: number): Place | null {
  let start = from;
  while (start < text.length && text[start]!.trim() === '') start++;
  let end = start;
  while (end < text.length && text[end]!.trim() !== '') end++;
  return end > start ? { start, end } : null;
}

const joinsWord = (text: string, at: number): boolean =>
  at > 0 && at < text.length && WORD.test(text[at - 1]!) && WORD.test(text[at]!);

function fold(text: string): string {
  let folded = '';
  for (const character of text.normalize('NFKC')) {
    folded += readCharacter(character.codePointAt(0)!).folded;
  }
  return folded;
}
