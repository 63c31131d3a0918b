/**
 * A text as keywords see it: case, accents and invisible characters do not count, and full-width
 * letters are plain ones. Compatibility decomposition (UAX 15) then loses its combining accents and
 * every format character (zero-width spaces, soft hyphens).
 */
export function fold(text: string): string {
  const isAscii = Buffer.byteLength(text) === text.length;
  if (isAscii) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\p{Cf}]/gu, '')
    .toLowerCase();
}

/** Letters, digits, and the underscore. */
export function isWordCharacter(character: string): boolean {
  return /[\p{L}\p{N}_]/u.test(character);
}

/** Scripts that write no spaces between words: there, a word has no visible boundary. */
export function isUnspaced(character: string): boolean {
  return UNSPACED.test(character);
}

const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
