import type { Tokens } from '../tokens.ts';

const DOT = 0x2e;
const COLON = 0x3a;
const IPV6_TOKENS_MAX = 48;
const HEX = /^[0-9a-f]{1,4}$/i;

/** The token behind the IPv4 address that begins at the digits at `at`; -1 where none does. */
export function ipv4End(tokens: Tokens, at: number): number {
  for (let part = 0; part < 4; part++) {
    const i = at + part * 2;
    if (!tokens.isDigits(i) || (part > 0 && !tokens.isGlued(i))) return -1;
    if (tokens.length(i) > 3 || Number(tokens.digits(i)) > 255) return -1;
    if (part < 3 && !tokens.isGluedSymbol(i + 1, DOT)) return -1;
  }
  const end = at + 7;
  if (tokens.isGluedSymbol(end, DOT) && tokens.isGlued(end + 1) && tokens.isDigits(end + 1))
    return -1;
  return end;
}

/** The token behind the IPv6 address (RFC 4291, 2.2) that begins at `at`; -1 where none does. */
export function ipv6End(tokens: Tokens, at: number): number {
  let end = at;
  const limit = Math.min(tokens.count, at + IPV6_TOKENS_MAX);
  while (end < limit && (end === at || tokens.isGlued(end)) && isIpv6Token(tokens, end)) end++;
  const text = tokens.text.slice(tokens.start[at], end > at ? tokens.end[end - 1]! : 0);
  return isIpv6(text) ? end : -1;
}

function isIpv6Token(tokens: Tokens, at: number): boolean {
  return tokens.unit(at) === COLON || (tokens.length(at) <= 4 && HEX.test(tokens.word(at)));
}

function isIpv6(text: string): boolean {
  if (text.length > 39) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => HEX.test(group))) return false;
  const hasDigit = groups.some((group) => DIGIT_INSIDE.test(group));
  return halves.length === 2
    ? groups.length >= 2 && groups.length <= 7 && hasDigit
    : groups.length === 8;
}

const DIGIT_INSIDE = /[0-9]/;
