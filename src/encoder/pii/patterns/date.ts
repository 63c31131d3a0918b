import { wordHash } from '../tokens.ts';
import type { Tokens } from '../tokens.ts';

const HYPHEN = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;
const T = wordHash('t');
const Z = wordHash('z');
const HALVES = new Set(['am', 'pm', 'a', 'p'].map(wordHash));

/** The token behind the date in digits, and the time that follows it, from `at` on; -1 where there is none. */
export function dateEnd(tokens: Tokens, at: number): number {
  if (!tokens.isDigits(at + 2) || !tokens.isDigits(at + 4)) return -1;
  const separator = tokens.unit(at + 1);
  if (separator !== HYPHEN && separator !== DOT && separator !== SLASH) return -1;
  for (let i = at + 1; i < at + 5; i++) if (!tokens.isGlued(i)) return -1;
  if (tokens.unit(at + 3) !== separator) return -1;
  if (!isDate(tokens, at)) return -1;
  if (tokens.isGlued(at + 5) && tokens.unit(at + 5) === separator && tokens.isDigits(at + 6))
    return -1;
  return withTime(tokens, at + 5);
}

/** The token behind the time of day that begins at `at`: "9:30", "14:56:41", "7:05 pm"; -1 where none does. */
export function clockEnd(tokens: Tokens, at: number): number {
  if (!tokens.isGluedSymbol(at + 1, COLON) || !tokens.isGlued(at + 2)) return -1;
  if (!isNumber(tokens, at, 0, 24) || !isNumber(tokens, at + 2, 0, 59)) return -1;
  if (tokens.length(at + 2) !== 2) return -1;
  let end = at + 3;
  if (
    tokens.isGluedSymbol(end, COLON) &&
    tokens.isGlued(end + 1) &&
    isNumber(tokens, end + 1, 0, 60)
  )
    end += 2;
  if (tokens.isGluedSymbol(end, DOT) && tokens.isGlued(end + 1) && tokens.isDigits(end + 1))
    end += 2;
  if (end < tokens.count && HALVES.has(tokens.hash[end]!) && tokens.length(end) === 2) end++;
  if (tokens.isGlued(end) && tokens.hash[end] === Z) end++;
  return end;
}

function withTime(tokens: Tokens, at: number): number {
  const isAfterT = tokens.isGlued(at) && tokens.hash[at] === T;
  const from = isAfterT ? at + 1 : at;
  if (!tokens.isDigits(from)) return at;
  const end = clockEnd(tokens, from);
  return end === -1 ? at : end;
}

/** Year first, or year last with day and month in either order; a year of two digits only last. */
function isDate(tokens: Tokens, at: number): boolean {
  const first = tokens.length(at);
  const last = tokens.length(at + 4);
  if (tokens.length(at + 2) > 2) return false;
  if (first === 4) return isYear(tokens, at) && isMonthDay(tokens, at + 2, at + 4);
  if (first > 2) return false;
  if (last === 4 ? !isYear(tokens, at + 4) : last !== 2) return false;
  if (last === 2 && tokens.unit(at + 1) === DOT && first === 1) return false;
  return isMonthDay(tokens, at, at + 2) || isMonthDay(tokens, at + 2, at);
}

const isYear = (tokens: Tokens, at: number): boolean => isNumber(tokens, at, 1000, 2199);

const isMonthDay = (tokens: Tokens, month: number, day: number): boolean =>
  isNumber(tokens, month, 1, 12) && isNumber(tokens, day, 1, 31);

function isNumber(tokens: Tokens, at: number, min: number, max: number): boolean {
  if (!tokens.isDigits(at) || tokens.length(at) > 4) return false;
  const value = Number(tokens.digits(at));
  return value >= min && value <= max;
}
