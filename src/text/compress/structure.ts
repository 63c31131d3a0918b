import { cutCode } from './code-skeleton.ts';
import { beginsJson, cutJson, endOfJson } from './json-skeleton.ts';
import { Pieces } from './pieces.ts';
import { cutSentences } from './sentences.ts';

const OPEN_OBJECT = 123;
const OPEN_ARRAY = 91;
const NEWLINE = 10;
const BACKTICK = 96;
const TILDE = 126;
const BLANK_MAX = 32;
/** In a shorter line a document begins at the first or at the last character, or not at all. */
const LONG_LINE = 400;

/**
 * Cuts a text into pieces: prose into sentences, fenced code and JSON documents into their
 * skeletons. Linear: what a failed search has passed over is not searched again.
 */
export function cutPieces(codes: Uint16Array): Pieces {
  const pieces = new Pieces();
  let prose = 0;
  let line = 0;
  let jsonFrom = 0;
  let hasFences = true;
  while (line < codes.length) {
    const lineEnd = endOfLine(codes, line);
    const first = firstOfLine(codes, line, lineEnd);
    let after = -1;
    if (hasFences && isFence(codes, first)) {
      const close = closingFence(codes, lineEnd, codes[first]!);
      hasFences = close >= 0;
      if (hasFences) {
        cutSentences(codes, { start: prose, end: line }, pieces);
        cutCode(codes, { start: lineEnd, end: close }, pieces);
        after = endOfLine(codes, close + 1);
      }
    } else {
      const open = openingOf(codes, first, lineEnd);
      if (open >= jsonFrom) {
        const end = endOfJson(codes, open);
        if (end < 0) {
          jsonFrom = -end;
        } else {
          cutSentences(codes, { start: prose, end: open }, pieces);
          cutJson(codes, { start: open, end }, pieces);
          after = end;
        }
      }
    }
    if (after >= 0) prose = after;
    line = after >= lineEnd ? endOfLine(codes, after) + 1 : lineEnd + 1;
  }
  cutSentences(codes, { start: prose, end: codes.length }, pieces);
  return pieces;
}

function isFence(codes: Uint16Array, at: number): boolean {
  const code = codes[at]!;
  if (code !== BACKTICK && code !== TILDE) return false;
  return codes[at + 1] === code && codes[at + 2] === code;
}

/** The offset of the line's end before the closing fence, or -1. */
function closingFence(codes: Uint16Array, from: number, code: number): number {
  let at = from;
  while (at >= 0 && (codes[at + 1] !== code || !isFence(codes, at + 1))) {
    at = codes.indexOf(NEWLINE, at + 1);
  }
  return at;
}

/** The offset of the bracket with which a JSON document may begin in this line, or -1. */
function openingOf(codes: Uint16Array, first: number, lineEnd: number): number {
  if (isOpening(codes, first)) return first;
  let last = lineEnd - 1;
  while (last > first && last > lineEnd - BLANK_MAX && codes[last]! <= 32) last--;
  if (last > first && isOpening(codes, last)) return last;
  if (lineEnd - first < LONG_LINE) return -1;
  for (let at = first + 1; at < lineEnd; at++) {
    if (isOpening(codes, at)) return at;
  }
  return -1;
}

function isOpening(codes: Uint16Array, at: number): boolean {
  const code = codes[at]!;
  return (code === OPEN_OBJECT || code === OPEN_ARRAY) && beginsJson(codes, at);
}

/** The first character of a line that is not blank, or one of its first blanks where there are many. */
function firstOfLine(codes: Uint16Array, line: number, end: number): number {
  let at = line;
  while (at < end && at < line + BLANK_MAX && codes[at]! <= 32) at++;
  return at;
}

function endOfLine(codes: Uint16Array, at: number): number {
  let end = at;
  while (end < codes.length && codes[end] !== NEWLINE) end++;
  return end;
}
