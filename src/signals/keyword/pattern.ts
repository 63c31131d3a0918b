import { RE2JS } from 're2js';
import type { Truth } from '../../contract/index.ts';
import { requiredLiteral } from './required-literal.ts';

/** Characters of a text that a pattern sees: 2 ms where the automaton fits, 30 ms at worst. */
export const PATTERN_CHARACTERS_MAX = 65_536;

export interface Pattern {
  readonly source: string;
  /** Null when nothing was found and the text is longer than what was searched. */
  isIn(original: string, folded: string): Truth;
}

/** Compiles RE2 syntax, case-insensitive; throws re2js's error for what it does not accept. */
export function compilePattern(source: string): Pattern {
  const compiled = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  const literal = requiredLiteral(source);
  return {
    source,
    isIn(original, folded) {
      if (literal !== null && !folded.includes(literal)) return false;
      if (original.length <= PATTERN_CHARACTERS_MAX) return compiled.test(original);
      return compiled.test(original.slice(0, PATTERN_CHARACTERS_MAX)) ? true : null;
    },
  };
}
