import { z } from 'zod';
import type { ExternalQuote } from '../contract/index.ts';

/** Larger than anything that is quoted: sums and squares of it stay finite. */
const AMOUNT_MAX = 1e9;

const amount = z.number().min(0).max(AMOUNT_MAX);

/** A number is a mean without a deviation. */
const estimate = z
  .union([amount, z.object({ mean: amount, deviation: amount.nullish() })])
  .transform((value) =>
    typeof value === 'number'
      ? { mean: value, deviation: null }
      : { mean: value.mean, deviation: value.deviation ?? null },
  );

const answer = z.union([
  z.object({ decline: z.literal(true) }).transform(() => null),
  z.object({
    costUsd: estimate,
    ttftMs: estimate,
    latencyMs: estimate,
    energyJoules: estimate.nullish().transform((value) => value ?? null),
  }),
]);

/** What a bidder answered; null: it declines. Undefined: it cannot be read. */
export function readQuote(body: Buffer): ExternalQuote | null | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  const read = answer.safeParse(value);
  return read.success ? read.data : undefined;
}
