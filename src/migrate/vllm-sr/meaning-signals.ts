import { DOMAINS, PII_TYPES } from '../../contract/index.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeCount, takeFlag, takeNumber, takeText, takeTexts } from '../foreign/take.ts';
import { plainMeaning } from './signal-meaning.ts';
import type { Comparison, ReadSignal } from './signal-meaning.ts';
import { lookup } from '../foreign/lookup.ts';

const KNOWN_DOMAINS: ReadonlySet<string> = new Set(DOMAINS);
const KNOWN_TYPES: readonly string[] = PII_TYPES;

const HEAD_OF_ITS_OWN = 'another model reads it, with another scale: see `bourse explain`';
const LEVELS = 'it has no levels';

export const readDomain: ReadSignal = (node) => {
  const list = node.at('mmlu_categories');
  const named = takeTexts(list);
  const wanted = named.length > 0 ? named : [takeText(node.at('name')) ?? ''];
  const classes = wanted.map((name) => name.replaceAll('_', ' ').toLowerCase());
  const known = [...new Set(classes.filter((name) => KNOWN_DOMAINS.has(name)))];
  if (known.length === 0) return 'it names no class of MMLU-Pro';
  if (known.length < wanted.length) list?.change('some of it are no classes of MMLU-Pro');
  return {
    condition({ level, comparison }) {
      if (level !== null) return LEVELS;
      if (comparison === null) return { domain: known.length === 1 ? known[0] : known };
      const confidence = comparison['atLeast'] ?? comparison['above'];
      const isOne = Object.keys(comparison).length === 1;
      if (!isOne || confidence === undefined || !(confidence > 0 && confidence <= 1)) {
        return 'a class has a least confidence, and no other comparison';
      }
      return { domain: { anyOf: known, confidence } };
    },
  };
};

/** `name:hard`, `name:easy`; the banks of examples give way to the shipped head. */
export const readComplexity: ReadSignal = (node) => {
  node.at('threshold')?.change(HEAD_OF_ITS_OWN);
  return {
    condition({ level, comparison }) {
      if (comparison !== null) return 'its difference of similarities is on another scale';
      if (level === 'hard' || level === null) return { complexity: true };
      return level === 'easy' ? { complexity: false } : 'a text is complex or it is not';
    },
  };
};

export const readJailbreak: ReadSignal = (node) => {
  const thresholdNode = node.at('threshold');
  const threshold = takeNumber(thresholdNode, { min: 0, max: 1 });
  thresholdNode?.change(HEAD_OF_ITS_OWN);
  const over = scopeOf(node);
  return {
    condition({ level, comparison }) {
      if (level !== null) return LEVELS;
      const bounds = comparison ?? (threshold === null ? {} : { atLeast: threshold });
      const value = { ...bounds, ...over };
      return { jailbreak: Object.keys(value).length === 0 ? true : value };
    },
  };
};

function scopeOf(node: ForeignNode): { readonly over?: 'conversation' } {
  return takeFlag(node.at('include_history')) === true ? { over: 'conversation' } : {};
}

const PII_OTHER_NAMES: Readonly<Record<string, string>> = {
  LOCATION: 'GPE',
  ADDRESS: 'STREET_ADDRESS',
  URL: 'DOMAIN_NAME',
  EMAIL: 'EMAIL_ADDRESS',
  PHONE: 'PHONE_NUMBER',
  SSN: 'US_SSN',
  DATE: 'DATE_TIME',
  ORG: 'ORGANIZATION',
};

/** Personal data of every type but those allowed. */
export const readPii: ReadSignal = (node) => {
  const allowedNode = node.at('pii_types_allowed');
  const allowed = takeTexts(allowedNode).map((type) => {
    const name = type.toUpperCase();
    return lookup(PII_OTHER_NAMES, name) ?? name;
  });
  if (allowed.some((type) => !KNOWN_TYPES.includes(type))) {
    allowedNode?.change('some types are none of those that the policy knows');
  }
  const denied = KNOWN_TYPES.filter((type) => !allowed.includes(type));
  if (denied.length === 0) return 'every type is allowed';
  const thresholdNode = node.at('threshold');
  const threshold = takeNumber(thresholdNode, { min: 0.01, max: 1 });
  thresholdNode?.change(HEAD_OF_ITS_OWN);
  const value = {
    ...(denied.length < KNOWN_TYPES.length && { anyOf: denied }),
    ...(threshold !== null && { confidence: threshold }),
    ...scopeOf(node),
  };
  return plainMeaning({ pii: Object.keys(value).length === 0 ? true : value });
};

const TURNS_MAX = 20;

export const readReask: ReadSignal = (node) => {
  const thresholdNode = node.at('threshold');
  const threshold = takeNumber(thresholdNode, { min: 0, max: 1 });
  thresholdNode?.change('is a probability, where it is a cosine there');
  const within = takeCount(node.at('lookback_turns'), TURNS_MAX);
  return {
    condition({ level, comparison }) {
      if (level !== null) return LEVELS;
      const bounds: Comparison = comparison ?? (threshold === null ? {} : { atLeast: threshold });
      const value = { ...bounds, ...(within !== null && { within }) };
      return { reask: Object.keys(value).length === 0 ? true : value };
    },
  };
};

const FEEDBACKS: Readonly<Record<string, string>> = {
  satisfied: 'satisfied',
  wrong_answer: 'wrong',
  wrong: 'wrong',
  need_clarification: 'clarify',
  clarify: 'clarify',
  want_different: 'different',
  different: 'different',
};

export const readFeedback: ReadSignal = (node) => {
  const name = takeText(node.at('name')) ?? '';
  const feedback = lookup(FEEDBACKS, name);
  return feedback === undefined ? 'its name is no kind of feedback' : plainMeaning({ feedback });
};

export const readFactCheck: ReadSignal = (node) => {
  const name = takeText(node.at('name')) ?? '';
  if (name === 'needs_fact_check') return plainMeaning({ factCheck: true });
  if (name === 'no_fact_check_needed') return plainMeaning({ factCheck: false });
  return 'its name is neither needs_fact_check nor no_fact_check_needed';
};

const ROLE_CHARACTERS_MAX = 200;

/** A role: of the caller's key in a policy, of headers that are trusted there. */
export const readRole: ReadSignal = (node) => {
  const role = takeText(node.at('role')) ?? takeText(node.at('name'));
  if (role === null || role.trim() === '' || role.length > ROLE_CHARACTERS_MAX)
    return 'it has no role';
  node
    .at('subjects')
    ?.drop('roles are of keys, not of headers: write the role in the keys of those it is for');
  return plainMeaning({ role });
};
