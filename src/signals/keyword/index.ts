import { ConfigIssue } from '../../contract/index.ts';
import type {
  Reading,
  Signal,
  SignalDefinition,
  SignalSlot,
  Truth,
  Workload,
} from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import { textOf } from '../shape.ts';
import { claimOf } from './claim.ts';
import { compileDefinition, KEYWORD_SCHEMA } from './definition.ts';
import type { KeywordRule } from './definition.ts';
import { containsFuzzily, wordsOf } from './fuzzy.ts';
import type { WordList } from './fuzzy.ts';
import { searchedConversation, searchedLastUser } from './searched.ts';
import { containsTerm } from './term.ts';
import type { Term } from './term.ts';

/** `keyword: NAME`: whether the definition of that name under `signals.keywords` is found. */
export const keywordSignal: Signal = {
  apiVersion: 1,
  kind: 'keyword',
  definitionSchema: KEYWORD_SCHEMA,
  conditionSchema: {
    type: 'string',
    minLength: 1,
    description: 'The name of a definition under `signals.keywords`.',
  },
  compile(condition, definitions) {
    const name = textOf(condition);
    const definition = definitions.find((candidate) => candidate.name === name);
    if (definition === undefined) throw unknownName(name, definitions);
    const rule = compileDefinition(definition);
    return {
      slot: slotOf(name, rule),
      test: (reading) => reading.value === true,
      text: `keyword: ${name}`,
      claim: claimOf(rule),
    };
  },
  checkDefinition: (definition) => void compileDefinition(definition),
};

function unknownName(name: string, definitions: readonly SignalDefinition[]): ConfigIssue {
  const names = definitions.map((definition) => definition.name);
  return new ConfigIssue(
    names.length === 0
      ? `there is no keyword "${name}": define it under signals.keywords`
      : `there is no keyword "${name}": there are ${names.join(', ')}`,
    [],
    nearest(name, names),
  );
}

function slotOf(name: string, rule: KeywordRule): SignalSlot {
  return {
    key: `keyword: ${name}`,
    kind: 'keyword',
    cost: rule.isFuzzy || rule.patterns.length > 0 ? 'text' : 'scan',
    readsLastTurnOnly: !rule.overConversation,
    read: (workload) => read(workload, rule),
  };
}

const FOUND: Reading = { value: true, confidence: 1 };
const NOT_FOUND: Reading = { value: false, confidence: 1 };
const UNKNOWN: Reading = { value: null, confidence: 0, reason: 'the text is too long to search' };

function read(workload: Workload, rule: KeywordRule): Reading {
  const { original, folded } = rule.overConversation
    ? searchedConversation(workload)
    : searchedLastUser(workload);
  const words = rule.isFuzzy ? wordsOf(folded) : null;
  let truth: Truth = true;
  if (rule.anyOf.length + rule.patterns.length > 0) {
    truth = findAny(folded, words, rule.anyOf);
    for (let i = 0; i < rule.patterns.length && truth !== true; i++) {
      truth = or(truth, rule.patterns[i]!.isIn(original, folded));
    }
  }
  for (let i = 0; i < rule.allOf.length && truth !== false; i++) {
    truth = and(truth, find(folded, words, rule.allOf[i]!));
  }
  if (truth !== false && rule.noneOf.length > 0) {
    const found = findAny(folded, words, rule.noneOf);
    truth = and(truth, found === null ? null : !found);
  }
  if (truth === null) return UNKNOWN;
  return truth ? FOUND : NOT_FOUND;
}

function findAny(folded: string, words: WordList | null, terms: readonly Term[]): Truth {
  let truth: Truth = false;
  for (let i = 0; i < terms.length && truth !== true; i++) {
    truth = or(truth, find(folded, words, terms[i]!));
  }
  return truth;
}

function find(folded: string, words: WordList | null, term: Term): Truth {
  if (containsTerm(folded, term)) return true;
  return words === null ? false : containsFuzzily(words, term);
}

/** Kleene's connectives: null is unknown. */
function or(a: Truth, b: Truth): Truth {
  return a === true || b === true ? true : a === null || b === null ? null : false;
}

function and(a: Truth, b: Truth): Truth {
  return a === false || b === false ? false : a === null || b === null ? null : true;
}
