import { z } from 'zod';
import { count, identifier, milliseconds, positive, ratio } from './scalars.ts';

const criterion = z.string().min(1).max(2_000);

const rubric = z
  .strictObject({
    criteria: criterion.describe('What is looked for, as a question.'),
    scores: z
      .tuple([criterion, criterion, criterion, criterion, criterion], {
        error: 'must be five texts: what the scores 1, 2, 3, 4 and 5 mean',
      })
      .describe('What the scores 1 to 5 mean, in this order.'),
  })
  .optional()
  .describe('Unset: whether the answer is correct and does what was asked.');

/** One judge: an entry of `judges`. */
export const judgeSchema = z.strictObject({
  name: identifier.describe('How verdicts, metrics and the ledger name it.'),
  kind: z
    .enum(['prometheus', 'general'])
    .describe(
      '`prometheus`: Prometheus 2 or a model trained in its form, which ends with `[RESULT] n`. `general`: any model that follows instructions; it gives its verdict as JSON.',
    ),
  model: identifier.describe(
    'A chat model or judge of `models`. It never grades models of its own family.',
  ),
  rubric,
  reference: z
    .string()
    .min(1)
    .max(8_000)
    .optional()
    .describe('An answer that deserves a 5, where all requests ask for the same.'),
});

export const judgingSchema = z
  .strictObject({
    share: ratio.default(0.02).describe('Share of the served requests whose answers are graded.'),
    routes: z
      .record(identifier, ratio)
      .default({})
      .describe('Shares of single routes, in place of `share`.'),
    panel: count.max(8).default(2).describe('Judges that grade one answer, at most.'),
    pairwise: ratio
      .default(0)
      .describe(
        'Share of the graded requests that are put to a second model too, and the two answers compared.',
      ),
    budget: z
      .strictObject({
        per: z.enum(['minute', 'hour', 'day', 'month', 'total']).describe('The period.'),
        tokens: count.optional().describe('Prompt and output tokens.'),
        usd: positive.max(1e9).optional().describe('Money.'),
        energyKilojoules: positive.max(1e9).optional().describe('Energy.'),
      })
      .refine((budget) => budget.tokens ?? budget.usd ?? budget.energyKilojoules, {
        error: 'must have tokens, usd or energyKilojoules',
      })
      .optional()
      .describe(
        'What judging may use in a period, in all. Those of the tenant whose answer is graded apply as well.',
      ),
    queueMax: count
      .max(10_000)
      .default(64)
      .describe(
        'Answers that wait to be graded, per worker; further ones are dropped and counted.',
      ),
    concurrency: count.max(64).default(2).describe('Answers that are graded at once, per worker.'),
    timeoutMs: milliseconds
      .default(60_000)
      .describe('A judge that takes longer is not waited for.'),
  })
  .prefault({})
  .describe('Which answers the judges of `judges` grade, and what that may cost.');
