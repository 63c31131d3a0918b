import { DIGIT, LETTER } from '../code-units.ts';
import { ibanLength, isIbanValid } from '../checksums.ts';
import { GLUED, SPACED } from '../tokens.ts';
import type { Tokens } from '../tokens.ts';

const TOKENS_MAX = 34;

/** The token behind the IBAN whose country is the word at `at`, in one run or in groups; -1 where none is. */
export function ibanEnd(tokens: Tokens, at: number): number {
  if (tokens.length(at) !== 2 || !tokens.isDigits(at + 1) || tokens.before[at + 1] !== GLUED)
    return -1;
  const country = tokens.word(at).toUpperCase();
  const length = ibanLength(country);
  if (length === 0) return -1;
  let code = country;
  const limit = Math.min(tokens.count, at + TOKENS_MAX);
  for (let i = at + 1; i < limit && code.length < length; i++) {
    const kind = tokens.kind[i]!;
    if (kind !== LETTER && kind !== DIGIT) return -1;
    if (tokens.before[i]! > SPACED || code.length + tokens.length(i) > length) return -1;
    code += tokens.word(i).toUpperCase();
    if (code.length === length) return isIbanValid(code) ? i + 1 : -1;
  }
  return -1;
}
