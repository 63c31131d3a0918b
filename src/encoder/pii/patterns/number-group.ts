import { isCardNumber, isSsn } from '../checksums.ts';
import { GLUED, SPACED } from '../tokens.ts';
import type { Tokens } from '../tokens.ts';
import { CARD, NO_PATTERN, NUMBER_GROUP, PHONE, SSN } from './kinds.ts';

const HYPHEN = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const OPEN = 0x28;
const CLOSE = 0x29;
const PLUS = 0x2b;

const GROUPS_MAX = 8;
const DIGITS_MAX = 19;
/** ITU-T E.164. */
const PHONE_DIGITS_MAX = 15;
/** Digits in one run from which on nothing is added behind a space: it is whole already. */
const WHOLE_DIGITS_MIN = 12;

/** Runs of digits that one person wrote as one number: "4111 1111 1111 1111", "(08) 8747 6301". */
export class NumberGroup {
  kind = NO_PATTERN;
  /** Behind the last token. */
  end = 0;
  /** Group lengths and separators as one number, for the tagger. */
  shape = 0;
  #digits = '';
  readonly #lengths: number[] = [];
  readonly #ends: number[] = [];
  /** The separators that are all the same: that unit, 0 for none; -1 where they differ. */
  #separator = 0;
  #hasPlus = false;
  #hasParentheses = false;

  /** Reads the group that begins at `at`, with digits, `+` or `(`; false where it is no group and no number of note. */
  read(tokens: Tokens, at: number): boolean {
    this.#gather(tokens, at);
    if (this.#lengths.length === 0) return false;
    this.kind = this.#classify(tokens);
    return this.kind !== NO_PATTERN;
  }

  #gather(tokens: Tokens, at: number): void {
    this.#digits = '';
    this.#lengths.length = 0;
    this.#ends.length = 0;
    this.#separator = 0;
    this.shape = 17;
    let i = at;
    this.#hasPlus = tokens.unit(i) === PLUS;
    if (this.#hasPlus) i++;
    this.#hasParentheses =
      i < tokens.count && tokens.unit(i) === OPEN && (i === at || tokens.isGlued(i));
    if (this.#hasParentheses) i++;
    if ((this.#hasPlus || this.#hasParentheses) && !tokens.isGlued(i)) return;
    while (tokens.isDigits(i)) {
      const length = tokens.length(i);
      if (
        this.#lengths.length === GROUPS_MAX ||
        this.#digits.length + length > (this.#hasPlus ? PHONE_DIGITS_MAX : DIGITS_MAX)
      )
        break;
      this.#digits += tokens.digits(i);
      this.#lengths.push(length);
      this.shape = Math.imul(this.shape, 31) + length;
      this.#ends.push(++i);
      const separator = this.#separatorAt(tokens, i);
      if (separator === -1 || !this.#mayFollow(tokens, separator, i)) break;
      this.#note(separator);
      if (!tokens.isDigits(i)) i++;
    }
  }

  /** The unit between the digits before `at` and those that follow: 0x20 for a space, -1 where no digits follow. */
  #separatorAt(tokens: Tokens, at: number): number {
    if (at >= tokens.count) return -1;
    if (tokens.isDigits(at)) {
      return tokens.before[at] === SPACED && this.#lengths[0]! < WHOLE_DIGITS_MIN ? 0x20 : -1;
    }
    const unit = tokens.unit(at);
    if (tokens.before[at] !== GLUED || !tokens.isDigits(at + 1)) return -1;
    if (unit === CLOSE && this.#hasParentheses && tokens.before[at + 1]! <= SPACED) return CLOSE;
    const isSeparator = unit === HYPHEN || unit === DOT || unit === SLASH;
    return isSeparator && tokens.isGlued(at + 1) ? unit : -1;
  }

  /** Only numbers with `+` or `(` mix separators; another number begins where those change. */
  #mayFollow(tokens: Tokens, separator: number, at: number): boolean {
    if (this.#hasPlus || this.#hasParentheses) return true;
    if (this.#lengths.length > 1) return separator === this.#separator;
    if (separator !== 0x20) return true;
    const after = this.#separatorAt(tokens, at + 1);
    return after === -1 || after === 0x20;
  }

  #note(separator: number): void {
    this.shape = Math.imul(this.shape, 31) + separator;
    if (this.#lengths.length === 1) this.#separator = separator;
    else if (this.#separator !== separator) this.#separator = -1;
  }

  #classify(tokens: Tokens): number {
    const groups = this.#lengths.length;
    this.end = this.#ends[groups - 1]!;
    const digits = this.#digits;
    if (!this.#hasPlus && !this.#hasParentheses) {
      if (this.#isCard()) return CARD;
      if (this.#isSsn(tokens)) return SSN;
      if (groups === 1) return NO_PATTERN;
    }
    if (this.#isPhone()) return PHONE;
    if (this.#separator === SLASH || digits.length < 5) return NO_PATTERN;
    return groups > 1 || this.#hasPlus ? NUMBER_GROUP : NO_PATTERN;
  }

  #isCard(): boolean {
    const lengths = this.#lengths;
    const isGrouped =
      (this.#separator === 0x20 || this.#separator === HYPHEN) &&
      lengths.length >= 3 &&
      lengths[0] === 4;
    return (lengths.length === 1 || isGrouped) && isCardNumber(this.#digits);
  }

  #isSsn(tokens: Tokens): boolean {
    const [area, group, serial, more] = this.#lengths;
    if (area !== 3 || group !== 2 || serial !== 4 || more !== undefined) return false;
    if (this.#separator !== HYPHEN && this.#separator !== 0x20) return false;
    if (tokens.isGluedSymbol(this.end, HYPHEN)) return false;
    const digits = this.#digits;
    return isSsn(digits.slice(0, 3), digits.slice(3, 5), digits.slice(5));
  }

  /** Forms that nothing else has: international, an area code in parentheses, 3-3-4 with hyphens or dots. */
  #isPhone(): boolean {
    const count = this.#digits.length;
    if (this.#hasPlus) return count >= 8;
    const [first, second, third, fourth] = this.#lengths;
    if (this.#hasParentheses) {
      return (
        count >= 7 && count <= 13 && this.#lengths.length >= 2 && first! <= 5 && count - first! >= 5
      );
    }
    const isNorthAmerican = first === 3 && second === 3 && third === 4 && fourth === undefined;
    return isNorthAmerican && (this.#separator === HYPHEN || this.#separator === DOT);
  }
}
