import type {
  Claim,
  CompiledCondition,
  FastText,
  Reading,
  Signal,
  SignalSlot,
  SpanTagger,
  TextSpan,
  Understanding,
} from '../../contract/index.ts';
import { ConfigIssue } from '../../contract/index.ts';
import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import { anyOf, from } from '../claims.ts';
import { choiceText, choicesOf, membersOf, oneOrMany } from '../shape.ts';
import { confidenceOf } from './class-condition.ts';
import type { RequestTexts } from './request-texts.ts';
import { SCOPE_SCHEMA, scopeOf, textsIn } from './scope.ts';
import type { Scope } from './scope.ts';

const NOTHING_FOUND: Reading = { value: {}, confidence: 1 };

type Tag = (text: FastText) => MaybeAsync<readonly TextSpan[]>;

interface Wanted {
  readonly types: readonly string[];
  readonly confidence: number;
  readonly scope: Scope;
}

/**
 * `pii: true`, `pii: PERSON`, `pii: [IBAN_CODE, CREDIT_CARD]`, `pii: { anyOf, confidence, over }`:
 * personal data of these types. The value is the surest find per type, never the text found.
 */
export function createPiiSignal(texts: RequestTexts, understanding: Understanding): Signal {
  const { own } = understanding;
  const slotOf = (scope: Scope): SignalSlot => ({
    key: `pii.${scope}`,
    kind: 'pii',
    cost: own.pii === null ? 'text' : 'model',
    scale: 'chances',
    readsLastTurnOnly: scope === 'lastUser',
    warm: () => tagBy(own.pii, understanding)(understanding.fast().read('warm')),
    read: (_workload, shared) =>
      findsIn(textsIn(scope, texts, shared), tagBy(own.pii, understanding)),
  });
  return {
    apiVersion: 1,
    kind: 'pii',
    definitionSchema: null,
    conditionSchema: {
      description:
        'Personal data. `true`: of any type; a type or a list of which one is enough; `confidence`: ' +
        'the least of a find, 0.5 if unset. All of the text is read, long ones off the event loop.',
      anyOf: [
        { const: true },
        oneOrMany({ type: 'string' }),
        {
          type: 'object',
          properties: {
            anyOf: oneOrMany({ type: 'string' }),
            confidence: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
            over: SCOPE_SCHEMA,
          },
          additionalProperties: false,
        },
      ],
    },
    compile(value): CompiledCondition {
      const all = (own.pii ?? understanding.fast().pii).types;
      const { types, confidence, scope } = wantedOf(value, all);
      const limit = confidence === 0.5 ? '' : ` with confidence >= ${confidence}`;
      const where = scope === 'lastUser' ? '' : ` over ${scope}`;
      const what = types.length === all.length ? 'pii' : choiceText('pii', types);
      return {
        slot: slotOf(scope),
        test(reading) {
          const found = reading.value as Readonly<Record<string, number>>;
          return types.some((type) => (found[type] ?? 0) >= confidence);
        },
        text: `${what}${limit}${where}`,
        claim: anyOf(types.map((type) => claimOf(type, confidence, scope))),
      };
    },
  };
}

function claimOf(type: string, confidence: number, scope: Scope): Claim {
  return {
    kind: 'within',
    of: {
      kind: 'number',
      name: `pii.${scope} ${type}`,
      member: type,
      range: from(0, 1),
      isInteger: false,
    },
    intervals: [from(confidence, 1)],
  };
}

function wantedOf(value: unknown, all: readonly string[]): Wanted {
  if (value === true) return { types: all, confidence: 0.5, scope: 'lastUser' };
  if (value === false) throw new ConfigIssue('must be true or types: write not: { pii: true }');
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMapping) return { types: choicesOf(value, all), confidence: 0.5, scope: 'lastUser' };
  const members = membersOf(value, ['anyOf', 'confidence', 'over']);
  return {
    types: members['anyOf'] === undefined ? all : choicesOf(members['anyOf'], all, ['anyOf']),
    confidence: confidenceOf(members['confidence']),
    scope: scopeOf(members['over']),
  };
}

function tagBy(own: SpanTagger | null, understanding: Understanding): Tag {
  if (own !== null) return ({ text }) => own.tag(text);
  const scans = understanding.scans();
  const fast = understanding.fast().pii;
  return ({ text }) =>
    scans !== null && text.length >= scans.charactersMin ? scans.tag(text) : fast.tag(text);
}

function findsIn(texts: readonly FastText[], tag: Tag): MaybeAsync<Reading> {
  const tagged = texts.map(tag);
  if (!tagged.some(isPromise)) return readingOf(tagged as readonly (readonly TextSpan[])[]);
  return Promise.all(tagged.map(async (spans) => spans)).then(readingOf);
}

function readingOf(found: readonly (readonly TextSpan[])[]): Reading {
  const surest: Record<string, number> = {};
  for (const spans of found) {
    for (const { type, confidence } of spans) {
      if (confidence > (surest[type] ?? 0)) surest[type] = confidence;
    }
  }
  const confidences = Object.values(surest);
  if (confidences.length === 0) return NOTHING_FOUND;
  return { value: surest, confidence: Math.max(...confidences) };
}
