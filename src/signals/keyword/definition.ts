import { ConfigIssue } from '../../contract/index.ts';
import type { SignalDefinition } from '../../contract/index.ts';
import { choicesOf, flagOf, membersOf, oneOrMany, textsOf } from '../shape.ts';
import { compilePattern } from './pattern.ts';
import type { Pattern } from './pattern.ts';
import { compileTerm } from './term.ts';
import type { Term } from './term.ts';

const KEYS = ['anyOf', 'allOf', 'noneOf', 'regex', 'wholeWord', 'fuzzy', 'over'];
const TEXTS = ['lastUser', 'conversation'];
const PATTERN_LENGTH_MAX = 2000;

export interface KeywordRule {
  readonly anyOf: readonly Term[];
  readonly allOf: readonly Term[];
  readonly noneOf: readonly Term[];
  readonly patterns: readonly Pattern[];
  readonly isFuzzy: boolean;
  readonly overConversation: boolean;
}

const terms = { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 };

export const KEYWORD_SCHEMA: Readonly<Record<string, unknown>> = {
  type: 'object',
  description:
    'True when one of `anyOf` or `regex` (where given), all of `allOf`, and none of `noneOf` is found. ' +
    'Case, accents and invisible characters do not count; white space is one space.',
  properties: {
    name: { type: 'string', description: 'Conditions name it: `keyword: NAME`.' },
    anyOf: { ...terms, description: 'Words or phrases of which one must be found.' },
    allOf: { ...terms, description: 'Words or phrases that must all be found.' },
    noneOf: { ...terms, description: 'Words or phrases of which none may be found.' },
    regex: {
      ...oneOrMany({ type: 'string', minLength: 1 }),
      description:
        'Patterns (RE2 syntax, case-insensitive) of which one must be found. ' +
        'They see the first 65 536 characters; beyond those the signal is unknown.',
    },
    wholeWord: {
      type: 'boolean',
      default: true,
      description: 'Whether a word must stand alone. Scripts without spaces are exempt.',
    },
    fuzzy: {
      type: 'boolean',
      default: false,
      description:
        'Whether words may be misspelt: one edit from 4 characters on, two from 8 on; first 4096 words.',
    },
    over: {
      enum: TEXTS,
      default: 'lastUser',
      description:
        'The text that is searched: the last user message, or every message of the conversation. ' +
        'A constraint that protects a secret wants `conversation`.',
    },
  },
  required: ['name'],
  additionalProperties: false,
};

/** Throws `ConfigIssue` with a path relative to the definition. */
export function compileDefinition(definition: SignalDefinition): KeywordRule {
  const body = membersOf(definition.body, KEYS);
  const wholeWord = body['wholeWord'] === undefined || flagOf(body['wholeWord'], ['wholeWord']);
  const read = (key: string): readonly Term[] =>
    body[key] === undefined ? [] : termsOf(body[key], key, wholeWord);
  const over = body['over'] === undefined ? ['lastUser'] : choicesOf(body['over'], TEXTS, ['over']);
  const rule: KeywordRule = {
    anyOf: read('anyOf'),
    allOf: read('allOf'),
    noneOf: read('noneOf'),
    patterns: body['regex'] === undefined ? [] : patternsOf(body['regex']),
    isFuzzy: body['fuzzy'] !== undefined && flagOf(body['fuzzy'], ['fuzzy']),
    overConversation: over.includes('conversation'),
  };
  const { anyOf, allOf, noneOf, patterns } = rule;
  if (anyOf.length + allOf.length + noneOf.length + patterns.length === 0) {
    throw new ConfigIssue('must have one of anyOf, allOf, noneOf, regex');
  }
  return rule;
}

function termsOf(value: unknown, key: string, wholeWord: boolean): readonly Term[] {
  return textsOf(value, [key]).map((text, i) => {
    const term = compileTerm(text, wholeWord);
    if (term === null) throw new ConfigIssue('has no visible character', [key, i]);
    return term;
  });
}

function patternsOf(value: unknown): readonly Pattern[] {
  return textsOf(value, ['regex'], PATTERN_LENGTH_MAX).map((source, i) => {
    try {
      return compilePattern(source);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'it cannot be read';
      throw new ConfigIssue(
        `is not an RE2 pattern: ${reason}`,
        Array.isArray(value) ? ['regex', i] : ['regex'],
      );
    }
  });
}
