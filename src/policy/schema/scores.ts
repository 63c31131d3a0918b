import { z } from 'zod';
import { override } from './override.ts';
import { identifier, positive } from './scalars.ts';

/** A condition is compiled from what was written; its schema is composed from those of the signals. */
export const condition = z.unknown().optional().meta({ $ref: '#/$defs/condition' });

export const namedConditionSchema = z
  .strictObject({
    name: identifier.describe('Conditions refer to it: `condition: NAME`.'),
    when: condition.describe('The condition.'),
    override,
  })
  .refine((given) => given.when !== undefined, { error: 'must have when' });

const term = z
  .strictObject({
    when: condition.describe('Counts the weight where it holds.'),
    value: z
      .union([z.string().min(1), z.record(z.string(), z.unknown())], {
        error: 'must be a kind of signal, or a mapping with one condition',
      })
      .optional()
      .describe(
        "A signal's value times the weight: a kind with a number (`complexity`), or one condition (`{ intent: refund }`), of whose names the probabilities count.",
      ),
    range: z
      .tuple([z.number(), z.number()], { error: 'must be two numbers: [low, high]' })
      .refine(([low, high]) => low < high, { error: 'must begin with the lower number' })
      .optional()
      .describe('What of the value counts as 0 and as 1; beyond it is cut off. Unset: [0, 1].'),
    weight: z
      .number()
      .min(-1000)
      .max(1000)
      .refine((weight) => Math.abs(weight) >= 1e-6, { error: 'must not be 0' })
      .describe('What the whole term counts; negative lowers the score.'),
  })
  .superRefine((given, context) => {
    const hasValue = given.value !== undefined;
    if (hasValue === (given.when !== undefined)) {
      context.addIssue({ code: 'custom', message: 'must have when or value', input: given });
    } else if (!hasValue && given.range !== undefined) {
      context.addIssue({
        code: 'custom',
        message: 'stands beside value only',
        path: ['range'],
        input: given,
      });
    }
  });

const band = z.strictObject({
  name: identifier.describe('Conditions name it: `score: { name, band }`.'),
  atLeast: z.number().describe('Where it begins; it ends where the next one does.'),
});

export const scoreSchema = z.strictObject({
  name: identifier.describe('Conditions and groups name it.'),
  override,
  terms: z.array(term).min(1).max(64).describe('What is added up.'),
  bands: z
    .array(band)
    .refine((bands) => isDistinct(bands.map((each) => each.name)), {
      error: 'must have a name of its own for each band',
    })
    .refine((bands) => isDistinct(bands.map((each) => each.atLeast)), {
      error: 'must begin each at a number of its own',
    })
    .default([])
    .describe('Parts of the scale by name. Below the lowest there is no band.'),
});

const member = z
  .strictObject({
    name: identifier.describe('Conditions name it: `group: { name, is }`.'),
    when: condition.describe('Scores 1 where it holds, else 0.'),
    score: identifier.optional().describe('A score under `signals.scores`.'),
  })
  .refine((given) => (given.when === undefined) !== (given.score === undefined), {
    error: 'must have when or score',
  });

export const groupSchema = z.strictObject({
  name: identifier.describe('Conditions name it.'),
  override,
  of: z
    .array(member)
    .min(2)
    .max(32)
    .refine((members) => isDistinct(members.map((each) => each.name)), {
      error: 'must have a name of its own for each member',
    })
    .describe('Its members: the one that scores highest wins, of equal ones the first.'),
  temperature: positive
    .max(1000)
    .default(1)
    .describe('Of the softmax that makes scores to probabilities: lower makes the winner surer.'),
});

const isDistinct = (values: readonly unknown[]): boolean => new Set(values).size === values.length;
