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
import { baseUrl, exactUrl, kvEndpoint } from './url.ts';

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

/** USD per million tokens of each kind. */
const rates = {
  inputPerMTok: rate.describe('USD per million prompt tokens.'),
  cachedInputPerMTok: rate
    .optional()
    .describe('For prompt tokens found in a prefix cache. Defaults to `inputPerMTok`.'),
  outputPerMTok: rate
    .optional()
    .describe('USD per million output tokens. Required for chat models.'),
  cacheWritePerMTok: rate
    .optional()
    .describe(
      'For prompt tokens that the provider charges for writing to its cache. Defaults to `inputPerMTok`.',
    ),
  cacheWriteHourPerMTok: rate
    .optional()
    .describe('For those of them that it keeps for an hour. Defaults to `cacheWritePerMTok`.'),
  reasoningPerMTok: rate
    .optional()
    .describe('For output tokens spent on thinking. Defaults to `outputPerMTok`.'),
  imageInputPerMTok: rate
    .optional()
    .describe('For prompt tokens of pictures. Defaults to `inputPerMTok`.'),
  audioInputPerMTok: rate
    .optional()
    .describe('For prompt tokens of sound. Defaults to `inputPerMTok`.'),
  audioOutputPerMTok: rate
    .optional()
    .describe('For output tokens of sound. Defaults to `outputPerMTok`.'),
};

export const modelSchema = z
  .strictObject({
    id: identifier.describe('What clients and routes call it.'),
    routerName: identifier
      .optional()
      .describe('Its name in the tables of `learning.router`. Unset: its id.'),
    kind: z
      .enum(['chat', 'embedding', 'judge'])
      .default('chat')
      .describe(
        'What it is for. A `judge` is a chat model that only grades answers: no `*` includes it, and no client can name it.',
      ),
    upstreamName: plainText.optional().describe('What its servers call it. Defaults to the id.'),
    price: z
      .strictObject({
        ...rates,
        longPrompt: z
          .strictObject({
            aboveTokens: count.describe('Prompts with more tokens than this.'),
            ...rates,
          })
          .optional()
          .describe('What all of a request costs whose prompt is long. Unset: the same.'),
      })
      .optional()
      .describe(
        "Unset: the price of the shipped catalogue, where every instance of the model is its provider's own; else unknown. An unknown price fails a cost limit; it is never zero.",
      ),
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

/** A shorter secret can be guessed from what it has signed. */
export const SECRET_MIN = 16;
export const SECRET_TOO_SHORT = `must have ${SECRET_MIN} characters or more: openssl rand -hex 32`;

const hasSecret = (instance: {
  readonly bidSecret?: string | undefined;
  readonly bidSecretFile?: string | undefined;
}): boolean => instance.bidSecret !== undefined || instance.bidSecretFile !== undefined;

export const instanceSchema = z
  .strictObject({
    id: identifier.describe('Unique among all instances.'),
    model: identifier.describe('Id of a model.'),
    engine: identifier.describe('What kind of server it is.'),
    url: baseUrl
      .optional()
      .describe('Origin and base path, without /v1. Engines of one provider have a default.'),
    apiKey: plainText.optional().describe('Write `"${NAME}"`, not the key itself.'),
    apiKeys: z
      .array(plainText)
      .min(2)
      .max(32)
      .optional()
      .describe(
        'Several keys, in place of `apiKey`: where one is refused or rate-limited, the next takes its turn. Write `"${NAME}"`.',
      ),
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
    limits: z
      .strictObject({
        requestsPerMinute: positive
          .optional()
          .describe('Requests that it is asked in a minute at most. Unset: any number.'),
        tokensPerMinute: positive
          .optional()
          .describe('Tokens of prompt and output in a minute at most. Unset: any number.'),
      })
      .optional()
      .describe(
        'What its owner allows in a minute, of all workers together. An instance at its limit is passed over.',
      ),
    metricsUrl: exactUrl
      .optional()
      .describe('Where its load is read, if not below `url`: a whole URL, asked without the key.'),
    kvEvents: z
      .strictObject({
        endpoint: kvEndpoint.describe(
          'Where its engine publishes (`--kv-events-config`): of several ranks the first, each further one being one port higher.',
        ),
        replay: kvEndpoint
          .optional()
          .describe(
            'Where missed events are asked for again. Unset: after a loss its memory is learned anew.',
          ),
        topic: z
          .string()
          .max(256)
          .default('')
          .describe('What its events are published under. Empty: all of the endpoint.'),
        ranks: z
          .int()
          .min(1)
          .max(64)
          .default(1)
          .describe('Data-parallel ranks behind its URL (`--data-parallel-size`).'),
        renderUrl: baseUrl
          .optional()
          .describe(
            'A server that renders prompts as its engine does, if it does not itself. Asked without the key.',
          ),
      })
      .optional()
      .describe(
        'Where its engine tells what its KV memory holds; needs zeromq and @msgpack/msgpack. docs/guides/kv-events.md. Unset: it is guessed.',
      ),
    options: z
      .record(identifier, z.union([plainText, z.number(), z.boolean()]))
      .optional()
      .describe('Settings that only its engine knows; docs/guides/engines.md lists them.'),
    owner: identifier
      .optional()
      .describe(
        'Who is paid for its answers. Unset: the house; with `bidUrl`, an owner of the name of the instance.',
      ),
    bidUrl: exactUrl
      .optional()
      .describe('Where it is asked for its own quotes of cost, latency and energy.'),
    bidSecret: plainText
      .refine((text) => text.length >= SECRET_MIN, { error: SECRET_TOO_SHORT })
      .optional()
      .describe('What quotes are signed with. Write `"${NAME}"`, not the secret itself.'),
    bidSecretFile: plainText
      .optional()
      .describe('File that holds the secret, relative to the policy file.'),
  })
  .refine((instance) => instance.bidSecret === undefined || instance.bidSecretFile === undefined, {
    path: ['bidSecretFile'],
    error: 'cannot stand beside bidSecret: keep one of them',
  })
  .refine((instance) => hasSecret(instance) || instance.bidUrl === undefined, {
    path: ['bidUrl'],
    error: 'needs bidSecret or bidSecretFile: a quote that nobody signed is not heard',
  })
  .refine((instance) => !hasSecret(instance) || instance.bidUrl !== undefined, {
    path: ['bidUrl'],
    error: 'is missing: a secret is for quotes, and nobody is asked for one',
  })
  .refine((instance) => instance.apiKey === undefined || instance.apiKeyFile === undefined, {
    path: ['apiKeyFile'],
    error: 'cannot stand beside apiKey: keep one of them',
  })
  .refine(
    ({ apiKey, apiKeyFile, apiKeys }) =>
      apiKeys === undefined || (apiKey === undefined && apiKeyFile === undefined),
    { path: ['apiKeys'], error: 'cannot stand beside apiKey or apiKeyFile: keep one of them' },
  );
