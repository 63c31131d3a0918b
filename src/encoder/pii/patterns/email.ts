import { DIGIT, LETTER } from '../code-units.ts';
import type { Tokens } from '../tokens.ts';

const AT = 0x40;
const DOT = 0x2e;
const HYPHEN = 0x2d;
const UNDERSCORE = 0x5f;

/** Symbols that a local part holds between its letters and digits. */
const isLocalSymbol = (unit: number): boolean =>
  unit === DOT || unit === HYPHEN || unit === UNDERSCORE || unit === 0x2b || unit === 0x25;

/** Tokens that an address has on either side of its `@`, at most. */
const SIDE_TOKENS_MAX = 40;

export const isAtSign = (tokens: Tokens, at: number): boolean =>
  tokens.unit(at) === AT && tokens.length(at) === 1;

/** The first token of the address whose `@` is the token at `at`, none before `floor`; -1 where there is none. */
export function emailStart(tokens: Tokens, at: number, floor: number): number {
  const lowest = Math.max(floor, at - SIDE_TOKENS_MAX);
  let start = at;
  while (start > lowest && tokens.isGlued(start)) {
    const before = start - 1;
    const kind = tokens.kind[before]!;
    if (kind !== LETTER && kind !== DIGIT && !isLocalSymbol(tokens.unit(before))) break;
    start = before;
  }
  while (start < at && isLocalSymbol(tokens.unit(start)) && tokens.unit(start) !== UNDERSCORE)
    start++;
  return start < at ? start : -1;
}

/** The token behind the domain that begins at `at`, which must hold a dot and end in letters; -1 where none does. */
export function domainEnd(tokens: Tokens, at: number): number {
  let end = -1;
  let hasDot = false;
  let isPart = false;
  const limit = Math.min(tokens.count, at + SIDE_TOKENS_MAX);
  for (let i = at; i < limit && tokens.isGlued(i); i++) {
    const kind = tokens.kind[i]!;
    if (kind === LETTER || kind === DIGIT) {
      isPart = true;
      if (hasDot && kind === LETTER && tokens.length(i) >= 2) end = i + 1;
      continue;
    }
    const unit = tokens.unit(i);
    if (unit !== DOT && unit !== HYPHEN) break;
    if (unit === DOT) {
      if (!isPart) break;
      hasDot = true;
      isPart = false;
    }
  }
  return end;
}
