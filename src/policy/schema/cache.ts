import { z } from 'zod';
import { count, labelName, plainText, positive } from './scalars.ts';

const semantic = z.strictObject({
  maxErrorRate: z
    .number()
    .gt(0)
    .max(0.5)
    .describe(
      'Of the requests that the route lets the cache answer, this share may get a wrong answer, with 95 % confidence.',
    ),
  explore: z
    .number()
    .gt(0)
    .max(1)
    .default(0.05)
    .describe(
      'Of the requests that would be answered by meaning, this share goes to a model all the same, and the two answers are compared.',
    ),
  prefer: z
    .enum(['cache', 'market'])
    .default('cache')
    .describe(
      '`cache`: what is within the bound is served, unless a better model is worth its price. `market`: the chance of a wrong answer is priced besides, at `usdPerError`, and a model that costs less answers.',
    ),
});

/** What a route lets the cache do. */
export const cacheRuleSchema = z.strictObject({
  exact: z.boolean().default(true).describe('Answers the same request again.'),
  semantic: semantic
    .optional()
    .describe('Answers another wording of the last user turn. Unset: it does not.'),
  ttlSeconds: positive
    .max(31_536_000)
    .default(86_400)
    .describe('How long an answer may be served again.'),
  scope: z
    .enum(['tenant', 'key', 'user', 'everyone'])
    .default('tenant')
    .describe(
      'Who shares stored answers. `user` is the `user` field; requests without it are not cached.',
    ),
  tags: z.array(labelName).default([]).describe('By which stored answers are removed together.'),
  maxTemperature: z
    .number()
    .min(0)
    .max(2)
    .default(0.7)
    .describe('A request that asks for a higher temperature meets no cache.'),
  entries: count.optional().describe('Stored answers of this route, of each tenant.'),
  coalesce: z
    .enum(['host', 'hosts'])
    .default('host')
    .describe(
      'Of requests that are the same at the same time, one goes to a model and the others wait for its answer: among all workers of a host, or among all hosts of `cache.store` (a server), which every miss then asks first.',
    ),
  pacing: z
    .enum(['none', 'original'])
    .default('none')
    .describe('`original`: a streamed hit takes the time that the answer took.'),
  allow: z
    .array(z.enum(['timeSensitive', 'personal']))
    .default([])
    .describe(
      'Questions that are stored although their answers change with time, or that hold personal data.',
    ),
});

/** The URL of a server. Its password comes from the environment. */
const serverUrl = (schemes: string, example: string) =>
  plainText
    .regex(new RegExp(`^(?:${schemes})://[^/]`), `must be a URL like ${example}`)
    .refine((url) => URL.canParse(url), `must be a URL like ${example}`);

const store = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('file'),
    path: plainText.describe('The same as `cache.path`.'),
  }),
  z.strictObject({
    kind: z.literal('postgres'),
    url: serverUrl('postgres|postgresql', 'postgres://user@host:5432/database').describe(
      'Of the database. The tables are made in it at the first use. Needs the package `pg`.',
    ),
    entries: count
      .max(100_000_000)
      .optional()
      .describe(
        'Stored answers of each tenant that the server keeps, where they are more than `cache.entries`. What memory has no room for is then looked for in the server, by meaning: for routes with `semantic`, where it has pgvector. Unset: the server keeps what memory does.',
      ),
  }),
  z.strictObject({
    kind: z.literal('redis'),
    url: serverUrl('redis|rediss', 'redis://host:6379').describe(
      'Of Redis 6.2 or later, or Valkey. Needs the package `ioredis`.',
    ),
  }),
]);

export const cacheSchema = z
  .strictObject({
    path: plainText
      .optional()
      .describe(
        'File of stored answers, relative to the policy file. Unset: they are kept in memory only.',
      ),
    store: store
      .optional()
      .describe(
        'A server that keeps stored answers and tells other hosts of them, instead of `path`. Read at start.',
      ),
    entries: count.max(10_000_000).default(100_000).describe('Stored answers of each tenant.'),
    megabytes: positive.max(1_000_000).default(128).describe('What those of one tenant may take.'),
    tenants: count
      .max(1_000_000)
      .default(64)
      .describe('Tenants that have stored answers at all: the first that `keys` name.'),
    named: cacheRuleSchema
      .optional()
      .describe(
        'For requests that name a model, which no route decides. Unset: they meet no cache.',
      ),
  })
  .refine(({ path, store }) => path === undefined || store === undefined, {
    path: ['store'],
    error: 'stands beside cache.path: keep one of them',
  })
  .refine(
    ({ store, entries }) => !(store?.kind === 'postgres' && (store.entries ?? entries) < entries),
    {
      path: ['store', 'entries'],
      error: 'is less than cache.entries: a server keeps at least what memory does',
    },
  )
  .prefault({})
  .describe(
    'Where answers are stored, and how many. What is stored is said by the `cache` of each route.',
  );

export type CacheRuleFile = z.output<typeof cacheRuleSchema>;
export type CacheFile = z.output<typeof cacheSchema>;
