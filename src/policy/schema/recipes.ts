import { z } from 'zod';
import { constraintSchema, routeSchema } from './rules.ts';
import { identifier, plainText } from './scalars.ts';
import { namedConditionSchema } from './scores.ts';

/** What may follow `auto:` in the name of a virtual model. */
export const recipeName = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w.-]{0,63}$/,
    'must be a name of letters, digits and . _ -, at most 64 characters: clients write auto:NAME',
  );

/** One name or path, or a list of them. */
export const references = (item: z.ZodType<string>) => z.union([item, z.array(item).min(1)]);

/** `definitions`: the schema of a section `signals`. */
export function recipesSchema<T extends z.ZodType>(definitions: T) {
  const recipe = z.strictObject({
    description: plainText.optional().describe('What it is for.'),
    roles: z
      .array(identifier)
      .min(1)
      .optional()
      .describe('Who may ask for it: callers with one of these roles. Unset: everybody.'),
    extends: references(recipeName)
      .optional()
      .describe(
        'Recipes that it builds on: its routes come first, then theirs; their constraints hold, and a constraint of theirs is replaced only by one that says `override: true`.',
      ),
    conditions: z
      .array(namedConditionSchema)
      .optional()
      .describe('The same as at the top: written where they are used, known to all.'),
    signals: definitions
      .optional()
      .describe('The same as at the top: written where they are used, known to all.'),
    constraints: z
      .array(constraintSchema)
      .default([])
      .describe('Rules that protect, beside those of the policy, which always apply.'),
    routes: z
      .array(routeSchema)
      .default([])
      .describe(
        'Rules that choose, in place of those of the policy; without one that always matches, `default` is implied. Decisions call them RECIPE/ROUTE.',
      ),
  });
  return z
    .record(recipeName, recipe)
    .default({})
    .describe(
      'Whole policies behind virtual models: the recipe `support` decides requests for the model `auto:support`. The constraints of the policy always apply.',
    );
}
