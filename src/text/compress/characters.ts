/** Kinds of UTF-16 code units, as far as words and their number of tokens depend on them. */
export const BLANK = 0;
export const MARK = 1;
export const DIGIT = 2;
export const LETTER = 3;
/** Letters of other alphabets, accented Latin and halves of surrogate pairs. */
export const OTHER_LETTER = 4;
/** A word of its own: Chinese and Japanese writing. */
export const IDEOGRAPH = 5;

const ASCII_KINDS = new Uint8Array(128).fill(MARK);
ASCII_KINDS.fill(BLANK, 0, 33);
ASCII_KINDS.fill(DIGIT, 48, 58);
ASCII_KINDS.fill(LETTER, 65, 91);
ASCII_KINDS.fill(LETTER, 97, 123);
ASCII_KINDS[127] = BLANK;

function kindOfCode(code: number): number {
  if (code < 128) return ASCII_KINDS[code]!;
  if (code < 0xc0) return code === 0xa0 ? BLANK : MARK;
  if (code < 0x2000) return OTHER_LETTER;
  if (code < 0x2e80) return code < 0x2070 ? (code <= 0x200a ? BLANK : MARK) : OTHER_LETTER;
  if (code < 0xa000) return code < 0x3040 ? MARK : IDEOGRAPH;
  return OTHER_LETTER;
}

const KINDS = Uint8Array.from({ length: 65_536 }, (_, code) => kindOfCode(code));

/** One of the kinds above, by a table: it is asked for every character of long texts. */
export const kindOf = (code: number): number => KINDS[code]!;

/** Word pieces of a run of `length` code units of one kind: English words come to 1.2 pieces. */
export function tokensOfRun(kind: number, length: number): number {
  switch (kind) {
    case LETTER:
      return 1 + ((length - 1) >> 3);
    case DIGIT:
      return 1 + ((((length - 1) * 11) >> 5) | 0);
    case OTHER_LETTER:
      return 1 + ((length - 1) >> 2);
    default:
      return length;
  }
}

/** Whether the text has more than `budget` tokens by the estimate; reads no further than needed. */
export function exceedsTokens(text: string, budget: number): boolean {
  if (text.length <= budget) return false;
  let tokens = 0;
  let at = 0;
  while (at < text.length) {
    const kind = kindOf(text.charCodeAt(at));
    const start = at++;
    if (kind === BLANK) continue;
    if (kind !== MARK && kind !== IDEOGRAPH) {
      while (at < text.length && kindOf(text.charCodeAt(at)) === kind) at++;
    }
    tokens += tokensOfRun(kind, at - start);
    if (tokens > budget) return true;
  }
  return false;
}
