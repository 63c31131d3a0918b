/** What BERT's normaliser makes of one character. */
export type CharacterKind = 'removed' | 'space' | 'alone' | 'letters';

export interface Character {
  readonly kind: CharacterKind;
  /** What stands for it: lower case, without accents. Empty where it is removed or a space. */
  readonly folded: string;
}

const REMOVED: Character = { kind: 'removed', folded: '' };
const SPACE: Character = { kind: 'space', folded: '' };

/** Control, format, private use, surrogates that stand alone; not what is merely unassigned. */
const OTHER = /^[\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u;
const WHITE_SPACE = /^\p{White_Space}$/u;
const PUNCTUATION = /^\p{P}$/u;
const ACCENTS = /\p{Mn}/gu;

/** BERT calls these Chinese, with the gap in extension E that `tokenizers` has. */
const CHINESE: readonly (readonly [number, number])[] = [
  [0x4e00, 0x9fff],
  [0x3400, 0x4dbf],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b73f],
  [0x2b740, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0xf900, 0xfaff],
  [0x2f800, 0x2fa1f],
];

/**
 * One code point as `BertNormalizer` (clean text, Chinese characters, accents, lower case) and
 * `BertPreTokenizer` of Hugging Face `tokenizers` treat it. Equal to them for every character of
 * Unicode 8; of later ones, accents and punctuation are known here and not there.
 */
export function readCharacter(codePoint: number): Character {
  const text = String.fromCodePoint(codePoint);
  if (codePoint === 0xfffd) return REMOVED;
  const isLineControl = codePoint === 0x09 || codePoint === 0x0a || codePoint === 0x0d;
  if (!isLineControl && OTHER.test(text)) return REMOVED;
  if (WHITE_SPACE.test(text)) return SPACE;
  const folded = fold(text);
  if (folded === '') return REMOVED;
  return { kind: isChinese(codePoint) || isPunctuation(folded) ? 'alone' : 'letters', folded };
}

/** Each character by itself: in a word, a final sigma folds as any other does. */
function fold(text: string): string {
  let folded = '';
  for (const part of text.normalize('NFD').replace(ACCENTS, '')) folded += part.toLowerCase();
  return folded;
}

const isChinese = (codePoint: number): boolean =>
  CHINESE.some(([first, last]) => codePoint >= first && codePoint <= last);

/** To BERT, all printable ASCII that is neither letter nor digit is punctuation, `$` and `^` too. */
function isPunctuation(text: string): boolean {
  const code = text.codePointAt(0)!;
  if (code < 0x80) {
    const isDigit = code >= 0x30 && code <= 0x39;
    const isLetter = code >= 0x61 && code <= 0x7a;
    return code > 0x20 && !isDigit && !isLetter;
  }
  return PUNCTUATION.test(text);
}
