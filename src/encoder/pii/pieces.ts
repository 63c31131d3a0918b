import { DIGIT, LETTER, SYMBOL } from './code-units.ts';
import { dateEnd, clockEnd } from './patterns/date.ts';
import { domainEnd, emailStart, isAtSign } from './patterns/email.ts';
import { ibanEnd } from './patterns/iban.ts';
import { ipv4End, ipv6End } from './patterns/ip-address.ts';
import * as kinds from './patterns/kinds.ts';
import { NumberGroup } from './patterns/number-group.ts';
import { webAddressEnd } from './patterns/web-address.ts';
import { wordHash } from './tokens.ts';
import type { Tokens } from './tokens.ts';

const AT = 0x40;
const COLON = 0x3a;
const PLUS = 0x2b;
const OPEN = 0x28;
const HYPHEN = 0x2d;
const DOT = 0x2e;

const CODE_TOKENS_MAX = 16;
const CODE_DIGITS_MIN = 4;

/** What stands for the words of a pattern, per kind. */
const KIND_HASH = Uint32Array.from({ length: 16 }, (_, kind) => wordHash(`<pattern ${kind}>`));

/** Tokens, with those that make one number, address or code put together. */
export class Pieces {
  readonly tokens: Tokens;
  count = 0;
  readonly firstToken: Int32Array;
  readonly endToken: Int32Array;
  readonly kind: Uint8Array;
  /** Of a word its hash; of a number or a pattern, that of its form. */
  readonly hash: Uint32Array;
  readonly #group = new NumberGroup();

  constructor(tokens: Tokens) {
    this.tokens = tokens;
    this.firstToken = new Int32Array(tokens.capacity + 1);
    this.endToken = new Int32Array(tokens.capacity + 1);
    this.kind = new Uint8Array(tokens.capacity + 1);
    this.hash = new Uint32Array(tokens.capacity + 1);
  }

  /** Puts together what the tokens hold. */
  read(): void {
    const { tokens } = this;
    this.count = 0;
    let at = 0;
    while (at < tokens.count) {
      const tokenKind = tokens.kind[at]!;
      if (tokenKind === LETTER) at = this.#readWord(at);
      else if (tokenKind === DIGIT) at = this.#readDigits(at);
      else at = this.#readSymbol(at);
    }
  }

  start(at: number): number {
    return this.tokens.start[this.firstToken[at]!]!;
  }

  end(at: number): number {
    return this.tokens.end[this.endToken[at]! - 1]!;
  }

  #readWord(at: number): number {
    const { tokens } = this;
    if (tokens.isGlued(at + 1)) {
      const web = this.#isInsideName(at) ? -1 : webAddressEnd(tokens, at);
      if (web !== -1) return this.#push(at, web, kinds.WEB_ADDRESS);
      if (tokens.kind[at + 1] === DIGIT) {
        const iban = ibanEnd(tokens, at);
        if (iban !== -1) return this.#push(at, iban, kinds.IBAN);
      }
      const address = this.#isHexGroup(at) ? ipv6End(tokens, at) : -1;
      if (address !== -1) return this.#push(at, address, kinds.IP_ADDRESS);
      if (tokens.kind[at + 1] === DIGIT) return this.#readCode(at);
    }
    return this.#push(at, at + 1, kinds.NO_PATTERN);
  }

  #readDigits(at: number): number {
    const { tokens } = this;
    if (tokens.isGlued(at + 1)) {
      const address = this.#isHexGroup(at) ? ipv6End(tokens, at) : ipv4End(tokens, at);
      if (address !== -1) return this.#push(at, address, kinds.IP_ADDRESS);
      const date = dateEnd(tokens, at);
      if (date !== -1) return this.#push(at, date, kinds.DATE);
      const clock = clockEnd(tokens, at);
      if (clock !== -1) return this.#push(at, clock, kinds.CLOCK);
      if (tokens.isWord(at + 1)) return this.#readCode(at);
    }
    return this.#readGroup(at) ? this.#group.end : this.#push(at, at + 1, kinds.NO_PATTERN);
  }

  #readSymbol(at: number): number {
    const { tokens } = this;
    const unit = tokens.unit(at);
    if (unit === AT && tokens.isGlued(at) && this.#readEmail(at))
      return this.endToken[this.count - 1]!;
    if (unit === COLON && tokens.isGluedSymbol(at + 1, COLON)) {
      const address = ipv6End(tokens, at);
      if (address !== -1) return this.#push(at, address, kinds.IP_ADDRESS);
    }
    if ((unit === PLUS || unit === OPEN) && tokens.isGlued(at + 1) && this.#readGroup(at))
      return this.#group.end;
    return this.#push(at, at + 1, kinds.NO_PATTERN);
  }

  #readGroup(at: number): boolean {
    if (!this.#group.read(this.tokens, at)) return false;
    this.#push(at, this.#group.end, this.#group.kind);
    if (this.#group.kind === kinds.NUMBER_GROUP)
      this.hash[this.count - 1] = this.#group.shape >>> 0;
    return true;
  }

  /** The address around the `@` at `at`; takes back the pieces of its local part. */
  #readEmail(at: number): boolean {
    const { tokens } = this;
    if (!isAtSign(tokens, at)) return false;
    const floor =
      this.count > 0 && kinds.isCertain(this.kind[this.count - 1]!)
        ? this.endToken[this.count - 1]!
        : 0;
    let start = emailStart(tokens, at, floor);
    const end = start === -1 ? -1 : domainEnd(tokens, at + 1);
    if (end === -1) return false;
    while (this.count > 0 && this.endToken[this.count - 1]! > start) {
      start = Math.min(start, this.firstToken[--this.count]!);
    }
    this.#push(start, end, kinds.EMAIL);
    return true;
  }

  /** Letters and digits written as one, such as a licence number; else the word or number alone. */
  #readCode(at: number): number {
    const { tokens } = this;
    let end = at + 1;
    let digits = tokens.kind[at] === DIGIT ? tokens.length(at) : 0;
    const limit = Math.min(tokens.count, at + CODE_TOKENS_MAX);
    while (end < limit && tokens.isGlued(end)) {
      const kind = tokens.kind[end]!;
      if (kind === DIGIT) digits += tokens.length(end);
      else if (kind === SYMBOL && !this.#isHyphenInside(end)) break;
      end++;
    }
    const isCode =
      digits >= CODE_DIGITS_MIN && end - at >= 2 && !(tokens.isDigits(at) && end - at === 2);
    return this.#push(at, isCode ? end : at + 1, isCode ? kinds.CODE : kinds.NO_PATTERN);
  }

  /** Is what stands before a part of the same name? That name was tried from its start on. */
  #isInsideName(at: number): boolean {
    const { tokens } = this;
    return (
      tokens.isGlued(at) &&
      at > 0 &&
      (tokens.unit(at - 1) === HYPHEN || tokens.unit(at - 1) === DOT)
    );
  }

  /** Do letters and digits lead from here to a colon, and does none stand before? */
  #isHexGroup(at: number): boolean {
    const { tokens } = this;
    if (tokens.isGlued(at) && at > 0 && tokens.unit(at - 1) === COLON) return false;
    let end = at + 1;
    while (end < at + 4 && tokens.isGlued(end) && tokens.kind[end] !== SYMBOL) end++;
    return tokens.isGluedSymbol(end, COLON);
  }

  #isHyphenInside(at: number): boolean {
    const { tokens } = this;
    return tokens.unit(at) === HYPHEN && tokens.isGlued(at + 1) && tokens.isDigits(at + 1);
  }

  #push(first: number, end: number, kind: number): number {
    const at = this.count++;
    this.firstToken[at] = first;
    this.endToken[at] = end;
    this.kind[at] = kind;
    this.hash[at] = kind === kinds.NO_PATTERN ? this.#wordHash(first) : KIND_HASH[kind]!;
    return end;
  }

  /** Numbers are told apart by how many digits they have, and those that may be a year by that. */
  #wordHash(token: number): number {
    const { tokens } = this;
    if (tokens.kind[token] !== DIGIT) return tokens.hash[token]!;
    const length = tokens.length(token);
    const first = tokens.unit(token);
    const isYear = length === 4 && (first === 0x31 || first === 0x32);
    return 0x10000 + (isYear ? 99 : Math.min(length, 24));
  }
}
