/** Schema: the policy file as zod sees it. Used at load, and for the reference; never per request. */
import { z } from 'zod';
import type { Signal } from '../../contract/index.ts';
import { cacheSchema } from './cache.ts';
import { carbonSchema } from './carbon.ts';
import { feedbackSchema } from './feedback.ts';
import { judgeSchema, judgingSchema } from './judging.ts';
import { instanceSchema, modelSchema } from './fleet.ts';
import { marketSchema } from './market.ts';
import { budgetSchema, constraintSchema, modesSchema, routeSchema, tenantSchema } from './rules.ts';
import { recipesSchema, references } from './recipes.ts';
import { identifier, plainText } from './scalars.ts';
import {
  attemptsSchema,
  healthSchema,
  keySchema,
  learningSchema,
  logSchema,
  serverSchema,
  storeSchema,
} from './server.ts';
import { OVERRIDE } from './override.ts';
import { groupSchema, namedConditionSchema, scoreSchema } from './scores.ts';
import { testSchema } from './tests.ts';
import { understandingSchema } from './understanding.ts';

/** The schema of the whole file, with the definitions that the given signals have. */
export function policySchema(signals: readonly Signal[]) {
  return z.strictObject({
    version: z
      .literal(1, { error: 'must be 1: begin the file with "version: 1"' })
      .describe('The version of this format.'),
    extends: references(plainText)
      .optional()
      .describe(
        'Policies that this one builds on, relative to this file: what it says itself replaces what they say, and a later one replaces an earlier one. Mappings are merged key by key, lists by `name` or `id`; what constraints rest on (constraints, conditions, signals) is replaced only by an entry that says `override: true`.',
      ),
    include: references(plainText)
      .optional()
      .describe(
        'Files with parts of this one, relative to it. Their entries follow its own; nothing may be said twice.',
      ),
    server: serverSchema,
    store: storeSchema,
    log: logSchema,
    keys: z
      .array(keySchema)
      .default([])
      .describe('Who may ask. Without keys, every client of the loopback address may.'),
    tenants: z.array(tenantSchema).default([]).describe('Preferences and ceilings of tenants.'),
    models: z.array(modelSchema).default([]).describe('What can be bought.'),
    instances: z.array(instanceSchema).default([]).describe('Servers that run the models.'),
    signals: definitionsSchema(signals).prefault({}).describe('Definitions that conditions name.'),
    conditions: z
      .array(namedConditionSchema)
      .default([])
      .describe('Conditions by name, for use in others: `condition: NAME`.'),
    constraints: z.array(constraintSchema).default([]).describe('Rules that protect.'),
    routes: z
      .array(routeSchema)
      .default([])
      .describe(
        'Rules that choose: the first that matches. They are tried by tier ascending, then by priority descending, then in the order of the file: its own, those of its includes, those that it inherits. Without one that always does, `default` (all models, economy) is implied.',
      ),
    recipes: recipesSchema(definitionsSchema(signals)),
    modes: modesSchema,
    budgets: z.array(budgetSchema).default([]).describe('What may be used in a period of time.'),
    market: marketSchema,
    cache: cacheSchema,
    carbon: carbonSchema,
    attempts: attemptsSchema,
    health: healthSchema,
    learning: learningSchema,
    feedback: feedbackSchema,
    judges: z.array(judgeSchema).default([]).describe('Models that grade answers.'),
    judging: judgingSchema,
    understanding: understandingSchema,
    plugins: z
      .array(plainText)
      .default([])
      .describe('Modules that extend the exchange, relative to the policy file.'),
    tests: z
      .array(testSchema)
      .default([])
      .describe('Requests and what must come of them: `bourse check` runs them, `serve` does not.'),
  });
}

/** The key under `signals` of a kind's definitions. */
export const definitionsKey = (signal: Signal): string =>
  signal.definitionsKey ?? `${signal.kind}s`;

function definitionsSchema(signals: readonly Signal[]) {
  const lists = signals
    .filter((signal) => signal.definitionSchema !== null)
    .map((signal) => [
      definitionsKey(signal),
      z
        .array(z.looseObject({ name: identifier }).meta(withOverride(signal.definitionSchema!)))
        .default([]),
    ]);
  const shape = Object.fromEntries(lists) as Record<
    string,
    z.ZodDefault<z.ZodArray<z.ZodObject<{ name: z.ZodString }, z.core.$loose>>>
  >;
  const scores = z
    .array(scoreSchema)
    .default([])
    .describe('Weighted sums of conditions and of values of signals.');
  const groups = z
    .array(groupSchema)
    .default([])
    .describe('Members that exclude each other: the one that scores highest wins.');
  return z.strictObject({ ...shape, scores, groups });
}

/** The schema of a definition, for editors: `override` is read before the signal sees it. */
function withOverride(schema: NonNullable<Signal['definitionSchema']>): Record<string, unknown> {
  const properties = (schema['properties'] as Record<string, unknown> | undefined) ?? {};
  const override = { type: 'boolean', description: OVERRIDE };
  return { ...schema, properties: { ...properties, override } };
}

export type PolicyFile = z.output<ReturnType<typeof policySchema>>;
