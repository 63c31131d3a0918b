import type { FieldSpan } from '../contract/index.ts';
import { fault } from '../kernel/index.ts';

/** JSON in bytes, and how far it goes. `isStrict` also checks what stands inside of strings. */
export interface JsonText {
  readonly bytes: Buffer;
  /** One past the last byte that belongs to the text. */
  readonly end: number;
  readonly isStrict: boolean;
  /** Ends of long strings by their opening quotes: the first reader of the text fills it for the next. */
  readonly longStrings?: Map<number, number> | undefined;
}

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
/** With which `null` begins. */
export const LOWER_N = 0x6e;

/** Objects and arrays inside of one another, the outermost included. */
const DEPTH_MAX = 128;
/** Bytes of a string that are read one by one before the native search for a quote takes over. */
const INLINE_BYTES = 24;
/** A string of more bytes is long: its end is remembered. */
const LONG_BYTES = 256;

/** 1 for every byte that stands for itself in a string. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** A fault that names the byte at which `text` stops being JSON. */
export function flaw(text: JsonText, at: number, reason: string): Error {
  const isCut = at >= text.end;
  return fault('BRS_BODY_NOT_JSON', {
    reason: isCut ? 'it ends too early' : reason,
    offset: Math.min(at, text.end),
  });
}

/** The next byte that is not white space; `text.end` where there is none. */
export function skipSpace(text: JsonText, from: number): number {
  const { bytes, end } = text;
  let at = from;
  while (at < end) {
    const byte = bytes[at]!;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    at++;
  }
  return at;
}

/** One past the value that begins at `at`. Linear in its bytes. */
export function endOfValue(text: JsonText, at: number, depth: number): number {
  if (at >= text.end) throw flaw(text, at, '');
  const byte = text.bytes[at]!;
  if (byte === QUOTE) return endOfString(text, at);
  if (byte === OPEN_BRACE) return endOfObject(text, at, depth + 1);
  if (byte === OPEN_BRACKET) return endOfArray(text, at, depth + 1);
  if (byte === 0x2d || isDigit(byte)) return endOfNumber(text, at);
  if (byte === 0x74) return endOfLiteral(text, at, 'true');
  if (byte === 0x66) return endOfLiteral(text, at, 'false');
  if (byte === 0x6e) return endOfLiteral(text, at, 'null');
  throw flaw(text, at, 'a value is expected');
}

/** One past the colon and white space after the key that ends at `keyEnd`: where the value begins. */
export function startOfValue(text: JsonText, keyEnd: number): number {
  const { bytes } = text;
  const colon = bytes[keyEnd] === COLON ? keyEnd : skipSpace(text, keyEnd);
  if (colon >= text.end || bytes[colon] !== COLON) throw flaw(text, colon, 'a colon is expected');
  return skipSpace(text, colon + 1);
}

/**
 * Steps over what follows a member or element: the offset of the next one, or the negative of one
 * past the closing bracket `close`.
 */
export function nextItem(text: JsonText, valueEnd: number, close: number): number {
  const { bytes, end } = text;
  const at = skipSpace(text, valueEnd);
  if (at < end && bytes[at] === COMMA) return skipSpace(text, at + 1);
  if (at < end && bytes[at] === close) return -(at + 1);
  throw flaw(text, at, `a comma or "${String.fromCharCode(close)}" is expected`);
}

/** The first member or element after the bracket at `open`, or the negative of one past its end. */
export function firstItem(text: JsonText, open: number, close: number): number {
  const at = skipSpace(text, open + 1);
  return at < text.end && text.bytes[at] === close ? -(at + 1) : at;
}

/** Whether the bytes from `start` spell `ascii`; the caller has compared the lengths. */
export function isSame(text: JsonText, start: number, ascii: string): boolean {
  const { bytes } = text;
  for (let i = 0; i < ascii.length; i++) {
    if (bytes[start + i] !== ascii.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether the string between two offsets, quotes included, is `word`. */
export const isWord = (text: JsonText, start: number, end: number, word: string): boolean =>
  end - start === word.length + 2 && isSame(text, start + 1, word);

/** The member `key` of the object at `open`: the last one of that name; null where there is none. */
export function findMember(text: JsonText, open: number, key: string): FieldSpan | null {
  let found: FieldSpan | null = null;
  let at = firstItem(text, open, CLOSE_BRACE);
  while (at >= 0) {
    const keyEnd = endOfKey(text, at);
    const start = startOfValue(text, keyEnd);
    const end = endOfValue(text, start, 1);
    if (isWord(text, at, keyEnd, key)) found = { keyStart: at, start, end };
    at = nextItem(text, end, CLOSE_BRACE);
  }
  return found;
}

function endOfObject(text: JsonText, open: number, depth: number): number {
  if (depth > DEPTH_MAX) throw flaw(text, open, `nesting is deeper than ${DEPTH_MAX}`);
  let at = firstItem(text, open, CLOSE_BRACE);
  while (at >= 0) {
    const value = startOfValue(text, endOfKey(text, at));
    at = nextItem(text, endOfValue(text, value, depth), CLOSE_BRACE);
  }
  return -at;
}

function endOfArray(text: JsonText, open: number, depth: number): number {
  if (depth > DEPTH_MAX) throw flaw(text, open, `nesting is deeper than ${DEPTH_MAX}`);
  let at = firstItem(text, open, CLOSE_BRACKET);
  while (at >= 0) at = nextItem(text, endOfValue(text, at, depth), CLOSE_BRACKET);
  return -at;
}

/** One past the closing quote of the key that must begin at `at`. */
export function endOfKey(text: JsonText, at: number): number {
  if (at >= text.end || text.bytes[at] !== QUOTE) throw flaw(text, at, 'a key is expected');
  return endOfString(text, at);
}

/** One past the closing quote of the string whose opening quote is at `open`. */
function endOfString(text: JsonText, open: number): number {
  return text.isStrict ? endOfCheckedString(text, open) : endOfLongString(text, open);
}

/**
 * Reads a few bytes one by one, then jumps from quote to quote natively; the backslashes before a
 * quote decide whether it ends the string. They are counted back to the jump's start at most, and a
 * jump follows only on bytes that were read, so that no byte is seen more than twice.
 */
function endOfLongString(text: JsonText, open: number): number {
  const { bytes, end, longStrings } = text;
  let at = open + 1;
  for (;;) {
    const limit = Math.min(end, at + INLINE_BYTES);
    while (at < limit) {
      const byte = bytes[at]!;
      if (byte === QUOTE) return known(text, open, at + 1);
      at += byte === BACKSLASH ? 2 : 1;
    }
    if (at >= end) throw flaw(text, end, '');
    const remembered = longStrings?.get(open);
    if (remembered !== undefined) return remembered;
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0 || quote >= end) throw flaw(text, end, '');
    let before = quote;
    while (before > at && bytes[before - 1] === BACKSLASH) before--;
    if (((quote - before) & 1) === 0) return known(text, open, quote + 1);
    at = quote + 1;
  }
}

function known({ longStrings }: JsonText, open: number, end: number): number {
  if (longStrings !== undefined && end - open > LONG_BYTES) longStrings.set(open, end);
  return end;
}

function endOfCheckedString(text: JsonText, open: number): number {
  const { bytes, end } = text;
  let at = open + 1;
  for (;;) {
    while (at < end && IS_PLAIN[bytes[at]!] === 1) at++;
    if (at >= end) throw flaw(text, end, '');
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] !== BACKSLASH) throw flaw(text, at, 'a control character in a string');
    at = endOfEscape(text, at);
  }
}

function endOfEscape(text: JsonText, backslash: number): number {
  const { bytes, end } = text;
  if (backslash + 1 >= end) throw flaw(text, end, '');
  switch (bytes[backslash + 1]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // slash
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return backslash + 2;
    case 0x75: {
      for (let at = backslash + 2; at < backslash + 6; at++) {
        if (at >= end || !isHex(bytes[at]!))
          throw flaw(text, at, 'four hexadecimal digits are expected');
      }
      return backslash + 6;
    }
    default:
      throw flaw(text, backslash, 'an unknown escape');
  }
}

function endOfNumber(text: JsonText, start: number): number {
  const { bytes, end } = text;
  let at = bytes[start] === 0x2d ? start + 1 : start;
  if (at < end && bytes[at] === 0x30) at++;
  else at = endOfDigits(text, at);
  if (at < end && bytes[at] === 0x2e) at = endOfDigits(text, at + 1);
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    at++;
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++;
    at = endOfDigits(text, at);
  }
  return at;
}

function endOfDigits(text: JsonText, from: number): number {
  const { bytes, end } = text;
  let at = from;
  while (at < end && isDigit(bytes[at]!)) at++;
  if (at === from) throw flaw(text, at, 'a digit is expected');
  return at;
}

function endOfLiteral(text: JsonText, start: number, literal: string): number {
  const { bytes, end } = text;
  for (let i = 1; i < literal.length; i++) {
    if (start + i >= end || bytes[start + i] !== literal.charCodeAt(i)) {
      throw flaw(text, start + i, `"${literal}" is expected`);
    }
  }
  return start + literal.length;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number): boolean =>
  isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
