import { z } from 'zod';
import { DOMAINS } from '../../contract/index.ts';
import type { Domain, SystemPrompt } from '../../contract/index.ts';
import { DEFAULT_SCALE } from '../injection/effort.ts';
import { nestedPointer, pointerProblem } from '../injection/pointer.ts';
import { DEFAULT_LIMIT } from '../injection/output-limit.ts';
import type { LimitRule } from '../injection/output-limit.ts';
import { count, ratio } from './scalars.ts';

const promptMode = z
  .enum(['replace', 'prepend', 'append', 'onlyIfGeneric'])
  .default('prepend')
  .describe(
    'What becomes of the client\'s own system prompt. `onlyIfGeneric` replaces one that says nothing, such as "You are a helpful assistant.", and leaves any other as it is.',
  );

export const systemPromptSchema = z
  .union(
    [
      z.string().min(1),
      z
        .strictObject({
          mode: promptMode,
          text: z
            .string()
            .min(1)
            .optional()
            .describe(
              'The text. `{{domain}}`, `{{language}}` and `{{intent}}` show what was read of the request, nothing where that is unknown.',
            ),
          expert: z
            .enum(['auto', ...DOMAINS])
            .optional()
            .describe(
              "The prompt of an expert, in place of a text; `auto`: of the request's domain, none where it is unknown.",
            ),
        })
        .refine(({ text, expert }) => (text === undefined) !== (expert === undefined), {
          error: 'must have either text or expert',
        }),
    ],
    { error: 'must be a text, expert, or a mapping with mode and text or expert' },
  )
  .transform((value): PromptSource => {
    if (value === 'expert') return { mode: 'prepend', expert: 'auto' };
    if (typeof value === 'string') return { mode: 'prepend', text: value };
    const { mode, text, expert } = value;
    return expert === undefined ? { mode, text: text! } : { mode, expert };
  });

/** Where a system prompt comes from. */
type PromptSource = Pick<SystemPrompt, 'mode'> &
  ({ readonly text: string } | { readonly expert: Domain | 'auto' });

const scaleSchema = z
  .strictObject({
    low: ratio
      .default(DEFAULT_SCALE.low)
      .describe('From which difficulty on `low` is chosen; below it, `off`.'),
    medium: ratio.default(DEFAULT_SCALE.medium).describe('The same for `medium`.'),
    high: ratio.default(DEFAULT_SCALE.high).describe('The same for `high`.'),
  })
  .refine((scale) => scale.low <= scale.medium && scale.medium <= scale.high, {
    error: 'must rise from low over medium to high',
  });

export const reasoningSchema = z
  .union(
    [
      z.enum(['off', 'low', 'medium', 'high', 'auto']),
      z.strictObject({ auto: scaleSchema.describe('`auto` with bounds of its own.') }),
    ],
    { error: 'must be off, low, medium, high, auto, or a mapping with auto' },
  )
  .transform((value) => (value === 'auto' ? { auto: DEFAULT_SCALE } : value));

const limitRuleSchema = z
  .strictObject({
    quantile: z
      .number()
      .min(0.5)
      .max(0.999)
      .default(DEFAULT_LIMIT.quantile)
      .describe('The share of answers that needs no more.'),
    margin: z
      .number()
      .min(1)
      .max(10)
      .default(DEFAULT_LIMIT.margin)
      .describe('What their length is multiplied by.'),
    min: count.default(DEFAULT_LIMIT.min).describe('The smallest limit.'),
    max: count.optional().describe('The largest one, before what the model may think is added.'),
  })
  .refine(({ min, max }) => max === undefined || min <= max, {
    error: 'must not have a min above its max',
  });

export const maxTokensSchema = z
  .union(
    [
      count,
      z.literal('auto'),
      z.strictObject({ auto: limitRuleSchema.describe('`auto` with figures of its own.') }),
    ],
    { error: 'must be a whole number above 0, auto, or a mapping with auto' },
  )
  .transform((value): number | { readonly auto: LimitRule } =>
    value === 'auto' ? { auto: DEFAULT_LIMIT } : value,
  );

const jsonValue = z.union(
  [
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(z.unknown()),
    z.record(z.string(), z.unknown()),
  ],
  { error: 'must be a value that JSON has' },
);

export const setSchema = z.record(z.string(), jsonValue).superRefine((fields, context) => {
  const pointers = Object.keys(fields);
  for (const pointer of pointers) {
    const message =
      pointerProblem(pointer) ?? (isJson(fields[pointer]) ? null : 'must be a value that JSON has');
    if (message !== null) context.addIssue({ code: 'custom', path: [pointer], message });
  }
  const inner = nestedPointer(pointers);
  if (inner === null) return;
  const message = 'lies inside of the value of another pointer: set it there';
  context.addIssue({ code: 'custom', path: [inner], message });
});

function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) {
    return ['string', 'boolean'].includes(typeof value) || value === null;
  }
  return (
    (Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value)) &&
    Object.values(value).every(isJson)
  );
}
