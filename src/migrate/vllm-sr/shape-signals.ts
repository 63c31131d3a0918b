import { RE2JS } from 're2js';
import type { DraftValue } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeText } from '../foreign/take.ts';
import { isExistence, isImpossible, takeComparison } from './comparisons.ts';
import { plainMeaning } from './signal-meaning.ts';
import type { Comparison, ReadSignal, SignalMeaning } from './signal-meaning.ts';
import { takeTerms } from './text-signals.ts';
import { lookup } from '../foreign/lookup.ts';

const TERM_CHARACTERS_MAX = 200;
const PATTERN_CHARACTERS_MAX = 2000;
const EXCLUDED = 'its bounds exclude each other';
const AT_LEAST_ONE: Comparison = { atLeast: 1 };

/** Patterns whose matches are a member of `structure`. */
const COUNTED: readonly (readonly [pattern: RegExp, member: string])[] = [
  [/^[[(\\]*[?？|\\]+[\])]*$/, 'questionMarks'],
  [/^(?:\(\?[ms]+\))?\^?`{3}/, 'codeBlocks'],
  [/^(?:\\b)?(?:\\d|\[0-9\])\+?(?:\\b)?$/, 'numbers'],
];

/** Counts over the last user text: `feature` of a type and a source, and a predicate. */
export const readStructure: ReadSignal = (node, name) => {
  const feature = node.at('feature');
  const source = feature?.at('source') ?? null;
  const type = takeText(feature?.at('type') ?? null);
  const comparison = takeComparison(node.at('predicate'));
  if (isImpossible(comparison)) return EXCLUDED;
  takeText(source?.at('type') ?? null);
  if (type === 'bytes') return plainMeaning({ structure: { bytes: comparison ?? AT_LEAST_ONE } });
  if (type === 'sequence') return readSequence(source, name);
  if (type !== 'count' && type !== 'exists') {
    return 'the policy has no such feature of a text';
  }
  const pattern = takeText(source?.at('pattern') ?? null);
  if (pattern !== null) {
    const member = COUNTED.find(([known]) => known.test(pattern))?.[1];
    if (member !== undefined) {
      return plainMeaning({ structure: { [member]: comparison ?? AT_LEAST_ONE } });
    }
  }
  if (!isExistence(comparison)) return 'only question marks, code blocks and numbers are counted';
  if (pattern !== null) return readPattern(pattern, name);
  const words = takeTerms(source?.at('keywords') ?? null, TERM_CHARACTERS_MAX);
  if (words.length === 0) return 'it has neither a pattern nor keywords';
  return plainMeaning({ keyword: name }, { section: 'keywords', value: { name, anyOf: words } });
};

function readPattern(pattern: string, name: string): SignalMeaning | string {
  if (pattern.length > PATTERN_CHARACTERS_MAX || !isRe2(pattern)) {
    return 'its pattern is no RE2 pattern';
  }
  return plainMeaning({ keyword: name }, { section: 'keywords', value: { name, regex: pattern } });
}

function isRe2(pattern: string): boolean {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
}

/** Words that come one after another. */
function readSequence(source: ForeignNode | null, name: string): SignalMeaning | string {
  const sequences = source?.at('sequences');
  const lists = sequences?.items ?? [];
  const chains = (lists.length > 0 ? lists : [source?.at('keywords') ?? null])
    .map((list) => takeTerms(list, TERM_CHARACTERS_MAX))
    .filter((words) => words.length > 0);
  if (chains.length === 0) return 'it has no words';
  const patterns = chains.map((words) => `(?s)${words.map(literalPattern).join('.*?')}`);
  if (patterns.some((pattern) => pattern.length > PATTERN_CHARACTERS_MAX)) return 'it is too long';
  return plainMeaning({ keyword: name }, { section: 'keywords', value: { name, regex: patterns } });
}

const literalPattern = (word: string): string => word.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

const ROLES: Readonly<Record<string, string>> = {
  user: 'turns',
  system: 'systemMessages',
  developer: 'systemMessages',
  assistant: 'assistantMessages',
  tool: 'toolMessages',
};

/** Counts over the messages, tools and images of a conversation. */
export const readConversation: ReadSignal = (node) => {
  const feature = node.at('feature');
  const source = feature?.at('source') ?? null;
  const type = takeText(feature?.at('type') ?? null) ?? 'exists';
  const sourceType = takeText(source?.at('type') ?? null) ?? '';
  const role = takeText(source?.at('role') ?? null);
  const comparison = takeComparison(node.at('predicate')) ?? AT_LEAST_ONE;
  if (isImpossible(comparison)) return EXCLUDED;
  if (type !== 'count' && type !== 'exists')
    return 'the policy has no such feature of a conversation';
  const condition = conversationMember(sourceType, role, comparison);
  return condition === null
    ? 'the policy does not count this in a conversation'
    : plainMeaning({ conversation: condition });
};

function conversationMember(
  source: string,
  role: string | null,
  comparison: Comparison,
): DraftValue | null {
  if (source === 'message') {
    const member = role === null || role === '' ? 'messages' : lookup(ROLES, role);
    return member === undefined ? null : { [member]: comparison };
  }
  if (/^tool_?(?:definitions?|s)$/.test(source)) return { toolCount: comparison };
  if (!isExistence(comparison)) return null;
  if (/^(?:active_)?tool_loop$/.test(source)) return { toolLoop: true };
  return /^images?$/.test(source) ? { images: true } : null;
}
