/** The words of a text, case ignored. */
export function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));
}

/** Jaccard similarity of the words of two texts, 0–1. */
export function wordOverlap(a: string, b: string): number {
  return overlapOf(wordsOf(a), wordsOf(b));
}

export function overlapOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  const all = a.size + b.size - shared;
  return all === 0 ? 0 : shared / all;
}
