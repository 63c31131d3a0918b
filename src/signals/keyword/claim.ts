import type { Claim } from '../../contract/index.ts';
import { allOf, anyOf, holds, not } from '../claims.ts';
import type { KeywordRule } from './definition.ts';
import type { Term } from './term.ts';

/** What a rule says of the terms that a text contains: rules that share terms are told to be related. */
export function claimOf(rule: KeywordRule): Claim {
  const find = (term: Term): Claim => anyOf(findsOf(term, rule));
  const some = [
    ...rule.anyOf.map(find),
    ...rule.patterns.flatMap(({ source }) => inScope(`pattern ${source}`, {}, rule)),
  ];
  const claims = rule.allOf.map(find);
  if (some.length > 0) claims.unshift(anyOf(some));
  if (rule.noneOf.length > 0) claims.push(not(anyOf(rule.noneOf.map(find))));
  return allOf(claims);
}

function findsOf(term: Term, rule: KeywordRule): readonly Claim[] {
  const text = term.words.join(' ');
  const isWord = term.needsBoundaryBefore || term.needsBoundaryAfter;
  const exact = inScope(`${isWord ? 'word' : 'part'} ${text}`, { text }, rule);
  return rule.isFuzzy ? [...exact, ...inScope(`misspelt ${text}`, {}, rule)] : exact;
}

/** What is in the last user text is in the conversation. */
function inScope(
  name: string,
  more: { readonly text?: string },
  { overConversation }: KeywordRule,
): readonly Claim[] {
  const last = holds(`${name} in the last user text`, more);
  return overConversation ? [last, holds(`${name} in an earlier text`, more)] : [last];
}
