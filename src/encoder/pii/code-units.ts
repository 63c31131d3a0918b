/** What a UTF-16 code unit is to the tokeniser. */
export const SPACE = 0;
export const NEWLINE = 1;
export const LETTER = 2;
export const DIGIT = 3;
export const SYMBOL = 4;
/** Seen by no reader: zero-width characters, soft hyphens, marks of direction. */
export const INVISIBLE = 5;

const ZERO = 48;

/** Code units from which ten follow that are the digits 0 to 9. */
const DIGIT_STARTS = [ZERO, 0x0660, 0x06f0, 0x0966, 0xff10];

/** Inclusive ranges at and above 0x80 that are neither letters nor digits; all else there is a letter. */
const SYMBOL_RANGES: readonly (readonly [number, number])[] = [
  [0x80, 0xa9],
  [0xab, 0xb4],
  [0xb6, 0xb9],
  [0xbb, 0xbf],
  [0xd7, 0xd7],
  [0xf7, 0xf7],
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  [0x2070, 0x20cf],
  [0x2100, 0x2bff],
  [0x2e00, 0x2e7f],
  [0x3001, 0x3004],
  [0x3008, 0x3020],
  [0x30fb, 0x30fb],
  [0xd800, 0xf8ff],
  [0xfe10, 0xfe6f],
  [0xff01, 0xff0f],
  [0xff1a, 0xff20],
  [0xff3b, 0xff40],
  [0xff5b, 0xff65],
  [0xfff0, 0xffff],
];

const SPACE_RANGES: readonly (readonly [number, number])[] = [
  [0x00, 0x20],
  [0x7f, 0x7f],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
];

const INVISIBLE_RANGES: readonly (readonly [number, number])[] = [
  [0xad, 0xad],
  [0x061c, 0x061c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
];

const NEWLINES = [0x0a, 0x0b, 0x0c, 0x0d, 0x85, 0x2028, 0x2029];

/** Kind per code unit. */
export const UNIT_KIND: Uint8Array = buildKinds();

/** Lower case per code unit, digits of other scripts as 0 to 9: what a word is hashed by. */
export const UNIT_FOLDED: Uint16Array = buildFolded();

function buildKinds(): Uint8Array {
  const kinds = new Uint8Array(0x10000).fill(LETTER);
  kinds.fill(SYMBOL, 0x21, 0x80);
  kinds.fill(LETTER, 0x41, 0x5b);
  kinds.fill(LETTER, 0x61, 0x7b);
  for (const [from, to] of SYMBOL_RANGES) kinds.fill(SYMBOL, from, to + 1);
  for (const [from, to] of SPACE_RANGES) kinds.fill(SPACE, from, to + 1);
  for (const [from, to] of INVISIBLE_RANGES) kinds.fill(INVISIBLE, from, to + 1);
  for (const unit of NEWLINES) kinds[unit] = NEWLINE;
  for (const start of DIGIT_STARTS) kinds.fill(DIGIT, start, start + 10);
  return kinds;
}

function buildFolded(): Uint16Array {
  const folded = new Uint16Array(0x10000);
  for (let unit = 0; unit < 0x10000; unit++) {
    const lower = String.fromCharCode(unit).toLowerCase();
    folded[unit] = lower.length === 1 ? lower.charCodeAt(0) : unit;
  }
  for (const start of DIGIT_STARTS) {
    for (let digit = 0; digit < 10; digit++) folded[start + digit] = ZERO + digit;
  }
  return folded;
}
