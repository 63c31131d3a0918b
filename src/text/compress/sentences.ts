import { isPair } from './excerpt.ts';
import type { Pieces, Stretch } from './pieces.ts';

/** A shorter line or sentence is read together with the next one: verses, lists, "e.g.". */
const LENGTH_MIN = 40;
/** A longer one is cut: text without sentence ends, tables, encoded files. */
const LENGTH_MAX = 600;
/** How far back from the cut a blank is looked for. */
const CUT_REACH = 80;

const NEWLINE = 10;
const SPACE = 32;

/** Of ASCII: what a sentence may end with. */
const MAY_END = new Uint8Array(128);
for (const mark of '\n.!?') MAY_END[mark.charCodeAt(0)] = 1;

/** Cuts prose into sentences: at sentence ends, at ends of lines, at blank lines, at a length. */
export function cutSentences(codes: Uint16Array, span: Stretch, pieces: Pieces): void {
  const { end: to } = span;
  let start = afterBlanks(codes, span.start, to);
  for (let at = start; at < to; at++) {
    const code = codes[at]!;
    if (code < 128 && MAY_END[code] === 0 && at - start < LENGTH_MAX) continue;
    let end = at;
    if (endsSentence(codes, at, at - start)) {
      if (code !== NEWLINE) end++;
    } else if (at - start >= LENGTH_MAX) {
      end = cutBefore(codes, at, start);
    } else {
      continue;
    }
    pieces.add(start, end);
    start = afterBlanks(codes, end, to);
    at = start - 1;
  }
  pieces.add(start, to);
}

function afterBlanks(codes: Uint16Array, from: number, to: number): number {
  let at = from;
  while (at < to && codes[at]! <= SPACE) at++;
  return at;
}

function endsSentence(codes: Uint16Array, at: number, length: number): boolean {
  const code = codes[at]!;
  if (code === NEWLINE) return length >= LENGTH_MIN || codes[at + 1] === NEWLINE;
  if (code === 46 || code === 33 || code === 63) {
    return length >= LENGTH_MIN && codes[at + 1]! <= SPACE;
  }
  // Ideographic full stop, full-width ! and ?, Arabic question mark and full stop, danda.
  if (code < 0x61f) return false;
  return (
    length >= LENGTH_MIN / 4 &&
    (code === 0x3002 ||
      code === 0xff01 ||
      code === 0xff1f ||
      code === 0x61f ||
      code === 0x6d4 ||
      code === 0x964)
  );
}

function cutBefore(codes: Uint16Array, at: number, start: number): number {
  for (let back = at; back > at - CUT_REACH && back > start; back--) {
    if (codes[back]! <= SPACE) return back;
  }
  return isPair(codes[at - 1]!, codes[at]!) ? at - 1 : at;
}
