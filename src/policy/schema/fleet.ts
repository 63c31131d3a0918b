import { z } from 'zod';
import {
  count,
  identifier,
  labelName,
  labelValue,
  notNegative,
  plainText,
  positive,
  ratio,
} from './scalars.ts';
import { baseUrl } from './url.ts';

/** Keys of `require` and `forbid` that are no labels. */
export const SELECTOR_KEYS = ['model', 'instance', 'engine'];

const REASONING_FAMILIES = [
  'qwen3',
  'deepseek-v3',
  'deepseek-r1',
  'qwq',
  'granite',
  'holo2',
  'glm',
  'gemma',
  'gpt-oss',
  'openai',
  'gemini',
  'claude',
] as const;

const thinkingTokens = z.int().min(1).max(1_000_000);

const reasoning = z
  .union(
    [
      z.enum(REASONING_FAMILIES),
      z.strictObject({
        family: z.enum(REASONING_FAMILIES).describe('The family.'),
        leastEffort: z
          .enum(['none', 'minimal', 'low'])
          .default('low')
          .describe('What stands for `off` where an effort is told (openai, gemini).'),
        budgetTokens: z
          .strictObject({
            low: thinkingTokens.default(1024),
            medium: thinkingTokens.default(4096),
            high: thinkingTokens.default(16_384),
          })
          .optional()
          .describe(
            'Tokens of thinking per effort. Without it deepseek-r1, qwq and claude have 1024, 4096 and 16384, and the others no budget; vLLM takes one only if it has a reasoning parser.',
          ),
      }),
    ],
    { error: `must be one of ${REASONING_FAMILIES.join(', ')}, or a mapping with family` },
  )
  .transform((value) =>
    typeof value === 'string'
      ? { family: value, leastEffort: null, budgetTokens: undefined }
      : value,
  );

const labels = z
  .record(
    labelName.refine((name) => !SELECTOR_KEYS.includes(name), {
      error: `must not be one of ${SELECTOR_KEYS.join(', ')}: constraints give these a meaning`,
    }),
    labelValue,
  )
  .default({})
  .describe('What constraints can require or forbid, for example `site: on-prem`.');

const rate = z.number().min(0).max(1_000_000);

export const modelSchema = z
  .strictObject({
    id: identifier.describe('What clients and routes call it.'),
    kind: z.enum(['chat', 'embedding']).default('chat').describe('What it is for.'),
    upstreamName: plainText.optional().describe('What its servers call it. Defaults to the id.'),
    price: z
      .strictObject({
        inputPerMTok: rate.describe('USD per million prompt tokens.'),
        cachedInputPerMTok: rate
          .optional()
          .describe('For prompt tokens found in a prefix cache. Defaults to `inputPerMTok`.'),
        outputPerMTok: rate
          .optional()
          .describe('USD per million output tokens. Required for chat models.'),
      })
      .optional()
      .describe('Unset: unknown. An unknown price fails a cost limit; it is never zero.'),
    accuracy: z
      .record(plainText, ratio)
      .optional()
      .describe(
        'Priors of the probability that an answer is right: `default`, and by domain. Unset: unknown.',
      ),
    accuracyQuestions: count
      .max(100_000)
      .default(400)
      .describe(
        'How many questions the priors of `accuracy` rest on: so many verdicts on its answers weigh as much as they do.',
      ),
    energy: z
      .strictObject({
        idleWatts: notNegative.describe('Power of one GPU that runs nothing.'),
        peakWatts: positive.describe('Power of one GPU at its largest batch.'),
        gpus: positive.default(1).describe('GPUs of one instance.'),
        steepness: positive
          .default(1)
          .describe(
            'k of the power curve P(b) = idle + (peak − idle) / (1 + e^(−k(log2 b − x0))).',
          ),
        midpoint: z
          .number()
          .default(4.2)
          .describe('x0 of the power curve: log2 of the batch at half of the range.'),
      })
      .refine((energy) => energy.peakWatts >= energy.idleWatts, {
        path: ['peakWatts'],
        error: 'must not be less than idleWatts',
      })
      .optional()
      .describe('Power curve of one instance. Unset: unknown.'),
    reasoning: reasoning
      .optional()
      .describe('How to switch its reasoning on and off. Unset: it is left alone.'),
    contextWindowTokens: count.optional().describe('Prompt and output together. Unset: unknown.'),
    maxOutputTokens: count.optional().describe('The longest answer. Unset: unknown.'),
    labels,
  })
  .refine(
    (model) =>
      model.kind === 'embedding' || model.price?.outputPerMTok !== undefined || !model.price,
    {
      path: ['price', 'outputPerMTok'],
      error: 'is missing: a chat model has a price of output',
    },
  );

/** Engines whose servers all stand in one place. */
const KNOWN_URLS: ReadonlyMap<string, string> = new Map([['openai', 'https://api.openai.com']]);

export const instanceSchema = z
  .strictObject({
    id: identifier.describe('Unique among all instances.'),
    model: identifier.describe('Id of a model.'),
    engine: identifier.describe('What kind of server it is.'),
    url: baseUrl
      .optional()
      .describe('Origin and base path, without /v1. Engine `openai` has a default.'),
    apiKey: plainText.optional().describe('Write `"${NAME}"`, not the key itself.'),
    apiKeyFile: plainText
      .optional()
      .describe('File that holds the key, relative to the policy file.'),
    labels,
    maxRunning: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(256)
      .describe('Requests it runs at once; the rest queue.'),
  })
  .refine((instance) => instance.apiKey === undefined || instance.apiKeyFile === undefined, {
    path: ['apiKeyFile'],
    error: 'cannot stand beside apiKey: keep one of them',
  })
  .transform((instance, context) => {
    const url = instance.url ?? KNOWN_URLS.get(instance.engine);
    if (url !== undefined) return { ...instance, url };
    context.addIssue({
      code: 'custom',
      path: ['url'],
      message: 'is missing: write where the server is, such as "http://127.0.0.1:8000"',
      input: instance,
    });
    return z.NEVER;
  });
