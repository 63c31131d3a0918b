import { z } from 'zod';
import { identifier, notNegative, oneOrMany, plainText, ratio } from './scalars.ts';

const REFUSALS = [
  'no-eligible-model',
  'model-forbidden',
  'model-unknown',
  'limit-unmeetable',
  'budget-exhausted',
  'unauthenticated',
  'over-limit',
  'policy',
] as const;

const signalValue = z.union(
  [
    z.boolean(),
    z.number(),
    z.string(),
    z.array(z.string()),
    z.record(z.string(), z.union([z.number(), z.boolean()])),
  ],
  { error: 'must be a value of a signal: true, a number, a text, or probabilities by class' },
);

const assumed = z.union(
  [
    z.strictObject({ value: signalValue.nullable(), confidence: ratio.optional() }),
    signalValue,
    z.null(),
  ],
  {
    error:
      'must be a value of a signal (true, a number, a text, probabilities by class), null for unknown, or { value, confidence }',
  },
);

const at = z.iso
  .datetime({ offset: true, error: 'must be a quoted time such as "2026-11-21T22:30:00Z"' })
  .describe('When it arrives. Unset: now.');

const instanceAssumption = z.strictObject({
  lifecycle: z.enum(['ready', 'draining', 'down', 'unknown']).optional(),
  running: notNegative.optional().describe('Requests that it runs.'),
  queue: notNegative.optional().describe('Requests that wait for it.'),
  kvUsage: ratio.optional().describe('Of its KV memory, in use.'),
});

const TEXT_MAX = 4_000_000;

/** The form of a request that is decided and not served: tests, `explain`, files of requests, the admin API. */
export const offlineRequestSchema = z
  .strictObject({
    text: z.string().max(TEXT_MAX).optional().describe("The user's only message."),
    body: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('In place of text: the JSON object that a client would send.'),
    bytes: z
      .int()
      .min(0)
      .max(TEXT_MAX)
      .optional()
      .describe('In place of text: so much of it, where readings are assumed.'),
    model: plainText.optional().describe("The model asked for. Unset: the body's, or `auto`."),
    tools: z.array(plainText).max(128).optional().describe('Names of tools that it declares.'),
    surface: z
      .enum(['chat', 'completions', 'embeddings', 'responses'])
      .optional()
      .describe('The API. Unset: what the body looks like.'),
    headers: z.record(plainText, z.string()).optional().describe('Headers of the request.'),
    tenant: plainText.optional().describe('Who asks. Unset: `default`.'),
    key: plainText.optional().describe('The id of its key.'),
    roles: z.array(plainText).optional().describe('Its roles.'),
    at: at.optional(),
    assume: z
      .record(z.string().min(1), assumed)
      .optional()
      .describe(
        'Readings in place of what the signals would read, by kind (`domain: math`, `complexity: 0.8`) or by the name that `explain` shows (`keyword: titan`: quote it). null is unknown.',
      ),
    fleet: z
      .record(identifier, instanceAssumption)
      .optional()
      .describe('Instances that are not ready and idle.'),
  })
  .superRefine((request, context) => {
    const { text, body, bytes, tools } = request;
    const given = [text, body, bytes].filter((each) => each !== undefined).length;
    const report = (message: string, path: string[]): void =>
      context.addIssue({ code: 'custom', message, path, input: request });
    if (given !== 1) report('must have one of text, body and bytes', []);
    if (body !== undefined && tools !== undefined) report('stand in the body', ['tools']);
  });

const amount = z.union(
  [
    z.int().min(1),
    z
      .strictObject({ atLeast: z.int().min(1).optional(), atMost: z.int().min(1).optional() })
      .refine((bounds) => Object.keys(bounds).length > 0, { error: 'must not be empty' }),
  ],
  { error: 'must be a whole number, or { atLeast, atMost }' },
);

export const expectationSchema = z
  .strictObject({
    route: identifier.optional().describe('The route that decides.'),
    model: oneOrMany(identifier, 'a model')
      .optional()
      .describe('The model that wins; of a list, one of them.'),
    instance: oneOrMany(identifier, 'an instance')
      .optional()
      .describe('The instance that wins; of a list, one of them.'),
    mode: identifier.optional().describe('The mode.'),
    refused: z
      .union([z.enum(REFUSALS), z.boolean()], {
        error: `must be true, false or one of ${REFUSALS.join(', ')}`,
      })
      .optional()
      .describe('Whether it is refused, or why.'),
    answer: z
      .union([z.string().min(1), z.boolean()], { error: 'must be a text, true or false' })
      .optional()
      .describe('A part of the fixed answer; whether there is one.'),
    reasoning: z
      .enum(['off', 'low', 'medium', 'high', 'unset'])
      .optional()
      .describe("The reasoning that is injected; `unset`: the client's request stands."),
    maxTokens: amount.optional().describe('The ceiling of output tokens that is injected.'),
    systemPrompt: z
      .union([z.string().min(1), z.boolean()], { error: 'must be a text, true or false' })
      .optional()
      .describe('A part of the system prompt that is injected; whether there is one.'),
    set: z
      .record(
        z.string().startsWith('/', 'must be a JSON pointer such as /temperature'),
        z.unknown(),
      )
      .optional()
      .describe('Members of the body that are injected, by JSON pointer.'),
    constraints: z
      .array(identifier)
      .optional()
      .describe('Constraints that apply, maybe among others; an empty list: none does.'),
    notModels: z.array(identifier).min(1).optional().describe('Models that do not bid.'),
  })
  .refine((expected) => Object.values(expected).some((value) => value !== undefined), {
    error: 'must say what is expected, such as route: NAME',
  });

export const testSchema = z
  .strictObject({
    name: z.string().min(1).max(200).optional().describe('What is shown when it fails.'),
    request: offlineRequestSchema.describe('What is asked.'),
    expect: expectationSchema.describe('What must come of it.'),
  })
  .describe('`bourse check` decides the request, by this policy and a ready, idle fleet.');
