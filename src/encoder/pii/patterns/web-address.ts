import { DIGIT, LETTER } from '../code-units.ts';
import { GLUED, wordHash } from '../tokens.ts';
import type { Tokens } from '../tokens.ts';
import { domainEnd } from './email.ts';

const DOT = 0x2e;
const COLON = 0x3a;
const SLASH = 0x2f;

/** A path is read to its end, which white space or one of `"<>)]}` and the like makes. */
const PATH_TOKENS_MAX = 400;

const WWW = wordHash('www');
const SCHEMES = new Set(['http', 'https', 'ftp'].map(wordHash));

/**
 * Top-level domains under which a bare name counts as one. Endings that code, file names and
 * sentences have too (.py, .is, .at, .me, .name) need `www.` or a scheme.
 */
const TOP_LEVEL = new Set(
  (
    'com org net edu gov mil int info biz io ai app dev cloud online site shop store blog eu uk de fr es nl ' +
    'se dk fi pl cz sk hu ro bg gr pt ie ch li jp cn kr hk tw sg my ph vn id br mx ar cl pe uy ca au nz ' +
    'za ke ng eg ma tn il ae sa tr ru ua by kz lt lv ee si hr cy lu mt'
  )
    .split(' ')
    .map(wordHash),
);

/** The token behind the web address that begins at the word at `at`; -1 where none does. */
export function webAddressEnd(tokens: Tokens, at: number): number {
  const hash = tokens.hash[at]!;
  if (SCHEMES.has(hash)) return schemeEnd(tokens, at);
  if (!tokens.isGluedSymbol(at + 1, DOT) && !tokens.isGluedSymbol(at + 1, 0x2d)) return -1;
  const end = domainFrom(tokens, at);
  if (end === -1) return -1;
  if (hash === WWW) return end === -1 ? -1 : pathEnd(tokens, end);
  return TOP_LEVEL.has(tokens.hash[end - 1]!) && isBareName(tokens, at, end)
    ? pathEnd(tokens, end)
    : -1;
}

function schemeEnd(tokens: Tokens, at: number): number {
  const isScheme =
    tokens.isGluedSymbol(at + 1, COLON) &&
    tokens.isGluedSymbol(at + 2, SLASH) &&
    tokens.isGluedSymbol(at + 3, SLASH) &&
    tokens.isGlued(at + 4);
  return isScheme ? pathEnd(tokens, at + 4) : -1;
}

/** Like `domainEnd`, with a first token that may stand after a space. */
function domainFrom(tokens: Tokens, at: number): number {
  const before = tokens.before[at]!;
  tokens.before[at] = GLUED;
  const end = domainEnd(tokens, at);
  tokens.before[at] = before;
  return end;
}

/** A sentence whose next one follows without a space ("end.In") is no name: there the case changes. */
function isBareName(tokens: Tokens, at: number, end: number): boolean {
  if (tokens.casing[end - 1] !== 0 && tokens.casing[at] !== tokens.casing[end - 1]) return false;
  return !(tokens.isGlued(at) && at > 0 && tokens.unit(at - 1) === DOT);
}

function pathEnd(tokens: Tokens, from: number): number {
  let end = from;
  const limit = Math.min(tokens.count, from + PATH_TOKENS_MAX);
  for (let i = from; i < limit && tokens.isGlued(i); i++) {
    const kind = tokens.kind[i]!;
    const unit = tokens.unit(i);
    if (kind === LETTER || kind === DIGIT || unit === SLASH) end = i + 1;
    else if (!isPathSymbol(unit)) break;
  }
  return end;
}

const isPathSymbol = (unit: number): boolean =>
  '.-_~:?#@!$&*+,;=%'.includes(String.fromCharCode(unit));
