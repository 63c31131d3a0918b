import { INVISIBLE, UNIT_KIND } from './code-units.ts';

/** A text without what no reader sees, and where each of its code units stands in the original. */
export interface CleanText {
  readonly text: string;
  /** Null where nothing was taken out. */
  readonly places: Int32Array | null;
}

/** Takes out invisible characters, so that none of them splits a number or a name. */
export function cleanText(text: string): CleanText {
  const first = firstInvisible(text);
  if (first === -1) return { text, places: null };
  const places = new Int32Array(text.length + 1);
  const parts: string[] = [];
  let kept = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (UNIT_KIND[text.charCodeAt(i)] === INVISIBLE) {
      if (i > from) parts.push(text.slice(from, i));
      from = i + 1;
    } else {
      places[kept++] = i;
    }
  }
  parts.push(text.slice(from));
  places[kept] = text.length;
  return { text: parts.join(''), places: places.subarray(0, kept + 1) };
}

function firstInvisible(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f && UNIT_KIND[unit] === INVISIBLE) return i;
  }
  return -1;
}
