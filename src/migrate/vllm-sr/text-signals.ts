import { LANGUAGES } from '../../contract/index.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeFlag, takeNumber, takeProse, takeText, takeTokens } from '../foreign/take.ts';
import { plainMeaning } from './signal-meaning.ts';
import type { ReadSignal } from './signal-meaning.ts';
import { lookup } from '../foreign/lookup.ts';

const TERM_KEYS: Readonly<Record<string, 'anyOf' | 'allOf' | 'noneOf'>> = {
  OR: 'anyOf',
  AND: 'allOf',
  NOR: 'noneOf',
};
const TERMS_MAX = 1000;
const TERM_CHARACTERS_MAX = 200;
const EXAMPLE_CHARACTERS_MAX = 2000;

/** Texts that a policy takes as terms or examples; a longer one, or one too many, is dropped. */
export function takeTerms(list: ForeignNode | null, charactersMax: number): readonly string[] {
  const terms = (list?.items ?? []).flatMap((item) => {
    const text = takeProse(item);
    if (text === null || text.trim() === '') return [];
    if (text.length <= charactersMax) return [text];
    item.drop(`the policy takes texts of at most ${charactersMax} characters`);
    return [];
  });
  const distinct = [...new Set(terms)];
  if (distinct.length > TERMS_MAX) list?.change(`the policy takes the first ${TERMS_MAX}`);
  return distinct.slice(0, TERMS_MAX);
}

/** Words: `operator` OR, AND or NOR; by regular expression, fuzzily, or by BM25 or n-grams. */
export const readKeyword: ReadSignal = (node, name) => {
  const operator = takeText(node.at('operator')) ?? 'OR';
  const key = lookup(TERM_KEYS, operator.toUpperCase());
  if (key === undefined) return 'its operator is none of OR, AND and NOR';
  const terms = takeTerms(node.at('keywords'), TERM_CHARACTERS_MAX).filter(hasWord);
  if (terms.length === 0) return 'it has no keywords';
  const methodNode = node.at('method');
  const method = takeText(methodNode) ?? 'regex';
  if (method === 'ngram') methodNode?.change('words may be misspelt by one or two edits');
  else if (method !== 'regex') methodNode?.change('words are looked for as they are');
  const caseNode = node.at('case_sensitive');
  if (takeFlag(caseNode) === true) caseNode?.change('the case of letters does not count');
  const isFuzzy = takeFlag(node.at('fuzzy_match')) === true || method === 'ngram';
  const value = { name, [key]: terms, ...(isFuzzy && { fuzzy: true }) };
  return plainMeaning({ keyword: name }, { section: 'keywords', value });
};

const hasWord = (text: string): boolean => /[\p{L}\p{N}\p{P}\p{S}]/u.test(text);

const AGGREGATES: Readonly<Record<string, 'max' | 'mean'>> = {
  max: 'max',
  any: 'max',
  mean: 'mean',
};
const SIMILARITY_DEFAULT = 0.7;

/** Candidates whose cosine with the text reaches a threshold. */
export const readEmbedding: ReadSignal = (node, name) => {
  const query = node.at('query_modality');
  const modality = takeText(query);
  if (modality !== null && modality !== 'text') return 'only texts are compared';
  const examples = takeTerms(node.at('candidates'), EXAMPLE_CHARACTERS_MAX);
  if (examples.length === 0) return 'it has no candidates';
  const wanted = takeText(node.at('aggregation_method')) ?? 'max';
  const aggregate = lookup(AGGREGATES, wanted);
  if (aggregate === undefined) return 'its aggregation is none of max, any and mean';
  const thresholdNode = node.at('threshold') ?? node.at('similarity_threshold');
  const threshold = takeNumber(thresholdNode, { min: -1, max: 1 }) ?? SIMILARITY_DEFAULT;
  thresholdNode?.change('cosines of another encoder are on another scale: see `bourse explain`');
  return {
    condition: ({ level, comparison }) =>
      level === null
        ? { similarity: { name, ...(comparison ?? { atLeast: threshold }) } }
        : 'it has no levels',
    definition: {
      section: 'similarities',
      value: { name, examples, ...(aggregate === 'mean' && { aggregate }) },
    },
  };
};

export const readLanguage: ReadSignal = (node) => {
  const code = (takeText(node.at('name')) ?? '').toLowerCase().split(/[-_]/)[0]!;
  if (!LANGUAGES.includes(code)) return 'its name is no code of a language that the policy knows';
  return plainMeaning({ language: code });
};

/** Tokens of the prompt between two bounds. */
export const readContext: ReadSignal = (node) => {
  const min = takeTokens(node.at('min_tokens'));
  const max = takeTokens(node.at('max_tokens'));
  if (min === null && max === null) return 'it has neither min_tokens nor max_tokens';
  if (min !== null && max !== null && min > max) return 'its bounds exclude each other';
  return plainMeaning({
    contextTokens: {
      ...(min !== null && { atLeast: min }),
      ...(max !== null && { atMost: max }),
    },
  });
};
