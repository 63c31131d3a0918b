import { createIntentIndex, INTENT_OPTIONS } from '../../encoder/index.ts';
import type { IntentIndex } from '../../encoder/index.ts';
import { ConfigIssue } from '../../contract/index.ts';
import type {
  CompiledCondition,
  Encoder,
  Reading,
  Signal,
  SignalDefinition,
  SignalSlot,
  Understanding,
} from '../../contract/index.ts';
import { andThen } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import { membersOf } from '../shape.ts';
import { classConditionSchema, compileClassCondition } from './class-condition.ts';
import { NO_TEXT } from './class-reading.ts';
import { embedAll, EXAMPLES_SCHEMA, examplesOf, oncePer } from './examples.ts';
import type { RequestTexts } from './request-texts.ts';

type Definitions = readonly SignalDefinition[];
type IndexOf = (definitions: Definitions) => MaybeAsync<IntentIndex>;

/**
 * `intent: hr_bot`: the text means what the examples of this intent mean, rather than those of another
 * one or of none. All intents of the policy compete; the value is the chance of the nearest.
 */
export function createIntentSignal(texts: RequestTexts, understanding: Understanding): Signal {
  const { own } = understanding;
  const fastIndex = oncePer((definitions: Definitions) =>
    indexBy(understanding.fast().encoder, definitions),
  );
  const slowIndexBy = new WeakMap<Encoder, IndexOf>();
  const slowSlot = (encoder: Encoder, key: string, definitions: Definitions): SignalSlot => {
    const indexOf =
      slowIndexBy.get(encoder) ?? oncePer((list: Definitions) => indexBy(encoder, list));
    slowIndexBy.set(encoder, indexOf);
    return createSlowSlot({ key, encoder, definitions, texts, indexOf });
  };
  return {
    apiVersion: 1,
    kind: 'intent',
    definitionSchema: {
      type: 'object',
      description: 'What a user can want, told by a few examples: five to ten are enough.',
      properties: {
        name: { type: 'string', description: 'Conditions name it: `intent: NAME`.' },
        examples: { ...EXAMPLES_SCHEMA, description: 'Texts that users write who want this.' },
      },
      required: ['name', 'examples'],
      additionalProperties: false,
    },
    conditionSchema: classConditionSchema('The intent of the last user text.'),
    checkDefinition,
    valueSlot(definitions) {
      if (definitions.length === 0) return null;
      if (own.encoder !== null) return slowSlot(own.encoder, 'intent', definitions);
      return createFastSlot(texts, definitions, fastIndex);
    },
    compile(value, definitions): CompiledCondition {
      const names = [...new Set(definitions.map(({ name }) => name))];
      if (names.length === 0) throw new ConfigIssue('there are no intents: define signals.intents');
      const condition = compileClassCondition('intent', value, names, NEAREST_ONLY);
      const { test, text, claim } = condition;
      if (own.encoder !== null)
        return { slot: slowSlot(own.encoder, 'intent', definitions), test, text, claim };
      const slot = createFastSlot(texts, definitions, fastIndex);
      const deep = understanding.deep();
      if (deep === null) return { slot, test, text, claim };
      return {
        slot,
        test,
        text,
        claim,
        deep: {
          slot: slowSlot(deep.encoder, 'intent.deep', definitions),
          isDoubtful: (reading) =>
            reading.confidence < INTENT_OPTIONS.confidenceMin && condition.isOpen(reading),
        },
      };
    },
  };
}

/** Only the nearest intent has a chance. */
const NEAREST_ONLY = { isSingle: true, below: 1 };

function checkDefinition(definition: SignalDefinition): void {
  membersOf(definition.body, ['examples']);
  examplesOf(definition);
}

function indexBy(encoder: Encoder, definitions: Definitions): MaybeAsync<IntentIndex> {
  const examples = definitions.flatMap((definition) =>
    examplesOf(definition).map((text) => ({ label: definition.name, text })),
  );
  const vectors = embedAll(
    encoder,
    examples.map(({ text }) => text),
  );
  return andThen(vectors, (rows) =>
    createIntentIndex(examples.map((example, i) => ({ ...example, vector: rows[i]! }))),
  );
}

function createFastSlot(
  texts: RequestTexts,
  definitions: Definitions,
  indexOf: IndexOf,
): SignalSlot {
  return {
    key: 'intent',
    kind: 'intent',
    cost: 'text',
    scale: 'chances',
    readsLastTurnOnly: true,
    warm: () => indexOf(definitions),
    read(_workload, shared) {
      const text = shared.share(texts.gist);
      if (text.tokenCount === 0) return NO_TEXT;
      return andThen(indexOf(definitions), (index) =>
        readingOf(index, text.text, text.embedding()),
      );
    },
  };
}

interface SlowSlot {
  readonly key: string;
  readonly encoder: Encoder;
  readonly definitions: Definitions;
  readonly texts: RequestTexts;
  readonly indexOf: IndexOf;
}

function createSlowSlot({ key, encoder, definitions, texts, indexOf }: SlowSlot): SignalSlot {
  return {
    key,
    kind: 'intent',
    cost: 'model',
    scale: 'chances',
    readsLastTurnOnly: true,
    warm: () => indexOf(definitions),
    read(_workload, shared) {
      const { text } = shared.share(texts.deepGist);
      if (text === '') return NO_TEXT;
      return andThen(indexOf(definitions), (index) =>
        andThen(encoder.embed([text]), (vector) => readingOf(index, text, vector)),
      );
    },
  };
}

/** The nearest intent, with the chance that the text has one at all and that it is this one. */
function readingOf(index: IntentIndex, text: string, vector: Float32Array): Reading {
  const { label, confidence, inScope } = index.classify(text, vector);
  const chance = confidence * inScope;
  return { value: { [label]: chance }, confidence: Math.max(chance, 1 - inScope) };
}
