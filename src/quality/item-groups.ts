import { createRng } from '../kernel/index.ts';

const KEY_UNITS_MAX = 80;

/**
 * What a question is recognised by in whatever file it stands: letters and figures of what comes before its options,
 * in lower case, as far as `KEY_UNITS_MAX`.
 */
export function questionKey(text: string): string {
  let key = '';
  let wasSpace = true;
  for (let i = 0; i < text.length && key.length < KEY_UNITS_MAX; i++) {
    if (isOptionLine(text, i) && key.length > 0) break;
    const unit = text.charCodeAt(i);
    const isUpper = unit >= 0x41 && unit <= 0x5a;
    const isPlain =
      isUpper || (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x30 && unit <= 0x39) || unit > 0x7f;
    if (isPlain) key += isUpper ? String.fromCharCode(unit + 32) : text[i]!;
    else if (!wasSpace) key += ' ';
    wasSpace = !isPlain;
  }
  return key.trim();
}

function isOptionLine(text: string, at: number): boolean {
  if (at === 0 || text[at - 1] !== '\n') return false;
  const letter = text.charCodeAt(at) - 0x41;
  return letter >= 0 && letter < 10 && (text[at + 1] === '.' || text[at + 1] === ')');
}

/** A fold per text, so that texts of one question share theirs; the same seed gives the same folds. */
export function foldsOf(texts: readonly string[], folds: number, seed: number): Uint8Array {
  const rng = createRng(seed);
  const keys = texts.map(questionKey);
  const distinct = [...new Set(keys)].toSorted();
  for (let i = distinct.length - 1; i > 0; i--) {
    const j = Math.floor(rng.next() * (i + 1));
    [distinct[i], distinct[j]] = [distinct[j]!, distinct[i]!];
  }
  const foldOfKey = new Map(distinct.map((key, i) => [key, i % folds]));
  return Uint8Array.from(keys, (key) => foldOfKey.get(key)!);
}
