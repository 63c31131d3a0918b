import { z } from 'zod';
import type { Engine, Signal } from '../../contract/index.ts';
import { BUILT_IN_MODES } from '../config/modes.ts';
import { COMPARISON_KEYS } from '../compile/comparison.ts';
import { createBudgetSignal } from '../compile/budget-signal.ts';
import { createPoolSignal } from '../compile/pool-signal.ts';
import { policySchema } from '../schema/index.ts';
import { completeSchema } from './complete-schema.ts';

export type JsonSchema = { [key: string]: unknown };

const NUMBER = '^([-+]?[0-9][0-9_]*(\\.[0-9]+)?|.*\\$\\{.+\\}.*)$';
const REFERENCE = '\\$\\{.+\\}';

/** The JSON Schema (2020-12) of the policy file, for editors: that of zod, with those of the signals. */
export function policyJsonSchema(
  signals: readonly Signal[],
  engines: readonly Pick<Engine, 'kind'>[],
): JsonSchema {
  const schema = z.toJSONSchema(policySchema(signals), {
    io: 'input',
    override: ({ jsonSchema }) => acceptReferences(jsonSchema as JsonSchema),
  }) as JsonSchema;
  suggest(
    schema,
    ['instances', 'engine'],
    engines.map((engine) => engine.kind),
  );
  suggest(schema, ['tenants', 'mode'], [...BUILT_IN_MODES.keys()]);
  const { $schema, ...rest } = schema;
  return completeSchema({
    $schema,
    title: 'Bourse policy',
    ...rest,
    $defs: {
      condition: conditionSchema([...signals, createPoolSignal(new Map()), createBudgetSignal([])]),
    },
  });
}

/**
 * Where a number or a truth value stands, a text with `${NAME}` may, and digits may be grouped with
 * underscores. The limits of safe integers, which zod adds, say nothing.
 */
function acceptReferences(schema: JsonSchema): void {
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  const { type } = schema;
  if ((type === 'number' || type === 'integer') && schema['const'] === undefined) {
    schema['type'] = [type, 'string'];
    schema['pattern'] = NUMBER;
  } else if (type === 'boolean') {
    schema['type'] = [type, 'string'];
    schema['pattern'] = REFERENCE;
  } else if (type === 'string' && typeof schema['pattern'] === 'string') {
    schema['pattern'] = `(${schema['pattern']})|${REFERENCE}`;
  }
}

function acceptReferencesWithin(schema: JsonSchema): void {
  for (const member of Object.values(schema)) {
    if (typeof member === 'object' && member !== null) acceptReferencesWithin(member as JsonSchema);
  }
  if (typeof schema['type'] === 'string') acceptReferences(schema);
}

/** Adds examples, which editors offer, to a text member of a list's entries. */
function suggest(
  schema: JsonSchema,
  [section, member]: readonly [string, string],
  examples: readonly string[],
): void {
  const properties = schema['properties'] as Record<string, { items?: JsonSchema }>;
  const members = properties[section]?.items?.['properties'] as Record<string, JsonSchema>;
  if (examples.length > 0) members[member]!['examples'] = examples;
}

function languageSchemas(list: JsonSchema): JsonSchema {
  const name = { type: 'string', minLength: 1 };
  const numbers = Object.fromEntries(COMPARISON_KEYS.map((key) => [key, { type: 'number' }]));
  const schemas: JsonSchema = {
    atLeast: {
      type: 'object',
      description: 'So many conditions of a list.',
      properties: {
        n: { type: 'integer', minimum: 1, description: 'How many.' },
        of: { ...list, description: 'The conditions.' },
      },
      required: ['n', 'of'],
      additionalProperties: false,
    },
    condition: { ...name, description: 'The condition of this name, under `conditions`.' },
    score: {
      type: 'object',
      description: 'A score under `signals.scores` compares so, or is in its `band`.',
      properties: { name, band: name, ...numbers },
      required: ['name'],
      additionalProperties: false,
      minProperties: 2,
    },
    group: {
      type: 'object',
      description: 'The member of a group under `signals.groups` that wins.',
      properties: {
        name: { ...name, description: 'The group.' },
        is: { ...name, description: 'The member.' },
        confidence: {
          type: 'number',
          exclusiveMinimum: 0,
          maximum: 1,
          description: 'Its least probability.',
        },
      },
      required: ['name', 'is'],
      additionalProperties: false,
    },
    onError: {
      enum: ['match', 'noMatch', 'unknown'],
      default: 'unknown',
      description: 'What the conditions beside it count as where they are unknown.',
    },
  };
  acceptReferencesWithin(schemas);
  return schemas;
}

function conditionSchema(signals: readonly Signal[]): JsonSchema {
  const condition = { $ref: '#/$defs/condition' };
  const list = { type: 'array', items: condition, minItems: 1 };
  const kinds = signals.map((signal) => {
    const own = structuredClone(signal.conditionSchema) as JsonSchema;
    acceptReferencesWithin(own);
    return [signal.kind, own];
  });
  return {
    type: 'object',
    description: 'Several keys mean all of them.',
    properties: {
      all: { ...list, description: 'Every condition of the list.' },
      any: { ...list, description: 'One condition of the list.' },
      not: { ...condition, description: 'The condition is false.' },
      ...languageSchemas(list),
      ...(Object.fromEntries(kinds) as JsonSchema),
    },
    additionalProperties: false,
    minProperties: 1,
  };
}
