import { z } from 'zod';
import { fault } from '../../kernel/index.ts';

const name = z.string().min(1).max(128);
const positive = z.number().positive();

export const instanceSchema = z.strictObject({
  id: name,
  model: name,
  engine: name,
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).exactOptional(),
  options: z.record(name, z.union([z.string().max(4096), z.number(), z.boolean()])).exactOptional(),
  apiKey: z.string().min(1).exactOptional(),
  labels: z.record(name, z.string().max(256)).exactOptional(),
  maxRunning: z.int().positive().exactOptional(),
});

export const budgetsSchema = z.strictObject({
  budgets: z
    .array(
      z
        .strictObject({
          per: z.enum(['minute', 'hour', 'day', 'month', 'total']),
          tokens: z.int().positive().exactOptional(),
          usd: positive.exactOptional(),
          energyKilojoules: positive.exactOptional(),
        })
        .refine((budget) => Object.keys(budget).length > 1, {
          error: 'must limit at least one of tokens, usd and energyKilojoules',
        }),
    )
    .max(32),
});

const price = z.number().min(0).exactOptional();

export const preferencesSchema = z.strictObject({
  mode: name.nullable().default(null),
  weights: z
    .strictObject({ usdPerError: price, usdPerSecond: price, usdPerKilojoule: price })
    .nullable()
    .default(null),
});

export const carbonSchema = z.strictObject({
  gramsPerKilowattHour: z.number().min(0).max(10_000),
  ttlSeconds: positive.max(31_536_000).exactOptional(),
});

export const cacheQuery = z
  .strictObject({
    tenant: name.exactOptional(),
    tag: name.exactOptional(),
    route: name.exactOptional(),
    model: name.exactOptional(),
  })
  .refine((selector) => Object.keys(selector).length > 0, {
    error: 'must name one of tenant, tag, route and model',
  });

export const decisionsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

export const ledgerQuery = z.strictObject({ tenant: name.optional() });

/** Reads input with a schema; the fault names the place that is wrong. `source` is `body` or `query`. */
export function readInput<T>(schema: z.ZodType<T>, value: unknown, source: string): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const place = [source, ...issue.path].join('.');
  throw fault('BRS_ADMIN_INPUT', { place, reason: issue.message }, { param: place });
}
