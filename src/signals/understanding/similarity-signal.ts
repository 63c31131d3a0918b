import { createSimilaritySet } from '../../encoder/index.ts';
import type { SimilaritySet } from '../../encoder/index.ts';
import { ConfigIssue } from '../../contract/index.ts';
import type {
  CompiledCondition,
  Signal,
  SignalDefinition,
  SignalSlot,
  Understanding,
} from '../../contract/index.ts';
import { andThen, nearest } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import { from, passes } from '../claims.ts';
import { COMPARISON_SCHEMA, compileComparison } from '../comparison.ts';
import { choicesOf, membersOf, textOf } from '../shape.ts';
import { NO_TEXT } from './class-reading.ts';
import { embedAll, EXAMPLES_SCHEMA, examplesOf, oncePer } from './examples.ts';
import type { RequestTexts } from './request-texts.ts';

const AGGREGATES = ['max', 'mean'] as const;
type Aggregate = (typeof AGGREGATES)[number];

/** `similarity: { name: billing, atLeast: 0.6 }`: cosine of the last user text with an example set. */
export function createSimilaritySignal(texts: RequestTexts, understanding: Understanding): Signal {
  const own = understanding.own.encoder;
  const setOf = oncePer((definition: SignalDefinition) =>
    andThen(
      embedAll(own ?? understanding.fast().encoder, examplesOf(definition)),
      createSimilaritySet,
    ),
  );
  return {
    apiVersion: 1,
    kind: 'similarity',
    definitionsKey: 'similarities',
    definitionSchema: {
      type: 'object',
      description: 'A set of example texts.',
      properties: {
        name: { type: 'string', description: 'Conditions name it.' },
        examples: EXAMPLES_SCHEMA,
        aggregate: {
          enum: AGGREGATES,
          default: 'max',
          description: 'The similarity to the nearest example, or to all on the average.',
        },
      },
      required: ['name', 'examples'],
      additionalProperties: false,
    },
    conditionSchema: {
      description: 'Cosine of the last user text with a set of examples, −1 to 1.',
      ...COMPARISON_SCHEMA,
      properties: {
        name: { type: 'string', minLength: 1 },
        ...(COMPARISON_SCHEMA['properties'] as object),
      },
      required: ['name'],
    },
    checkDefinition(definition) {
      membersOf(definition.body, ['examples', 'aggregate']);
      examplesOf(definition);
      aggregateOf(definition);
    },
    compile(value, definitions): CompiledCondition {
      const { definition, bounds } = split(value, definitions);
      const comparison = compileComparison(bounds);
      return {
        slot: createSlot(definition, texts, understanding, () => setOf(definition)),
        test: (reading) => comparison.test(reading.value as number),
        text: `similarity to ${definition.name} ${comparison.text}`,
        claim: passes(
          {
            kind: 'number',
            name: `similarity.${definition.name}`,
            range: from(-1, 1),
            isInteger: false,
            ...(own === null && {
              cosineWith: { examples: examplesOf(definition), aggregate: aggregateOf(definition) },
            }),
          },
          comparison,
        ),
      };
    },
  };
}

function split(
  value: unknown,
  definitions: readonly SignalDefinition[],
): { readonly definition: SignalDefinition; readonly bounds: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigIssue('must be a mapping with name and a comparison such as atLeast: 0.6');
  }
  const { name, ...bounds } = value as Readonly<Record<string, unknown>>;
  const wanted = textOf(name, ['name']);
  const definition = definitions.find((candidate) => candidate.name === wanted);
  if (definition !== undefined) return { definition, bounds };
  const names = definitions.map((candidate) => candidate.name);
  throw new ConfigIssue(
    `there is no similarity "${wanted}": define it under signals.similarities`,
    ['name'],
    nearest(wanted, names),
  );
}

function aggregateOf({ body }: SignalDefinition): Aggregate {
  if (body['aggregate'] === undefined) return 'max';
  return choicesOf(body['aggregate'], AGGREGATES, ['aggregate'])[0] as Aggregate;
}

function createSlot(
  definition: SignalDefinition,
  texts: RequestTexts,
  understanding: Understanding,
  setOf: () => MaybeAsync<SimilaritySet>,
): SignalSlot {
  const own = understanding.own.encoder;
  const aggregate = aggregateOf(definition);
  return {
    key: `similarity.${definition.name}`,
    kind: 'similarity',
    cost: own === null ? 'text' : 'model',
    readsLastTurnOnly: true,
    warm: setOf,
    read(_workload, shared) {
      const text = shared.share(texts.gist);
      if (text.tokenCount === 0) return NO_TEXT;
      const vector = own === null ? text.embedding() : own.embed([text.text]);
      return andThen(setOf(), (set) =>
        andThen(vector, (row) => ({ value: set[aggregate](row), confidence: 1 })),
      );
    },
  };
}
