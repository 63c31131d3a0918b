import { z } from 'zod';
import { count, identifier, positive, ratio } from './scalars.ts';

const step = z.union(
  [
    identifier,
    z.strictObject({
      model: identifier.describe('A model id.'),
      reasoning: z
        .enum(['off', 'low', 'medium', 'high'])
        .optional()
        .describe("How much it thinks in this step. Unset: as the route's `reasoning` says."),
      accuracy: ratio
        .optional()
        .describe(
          'How often it is right with this effort. Unset: what is believed of the model, whatever its effort.',
        ),
    }),
  ],
  { error: 'must be a model id, or a mapping with model' },
);

export const cascadeSchema = z
  .strictObject({
    models: z
      .union(
        [
          z.literal('auto'),
          z
            .array(step)
            .max(8)
            .refine((models) => models.length > 1, { error: 'must list two models or more' }),
        ],
        {
          error: 'must be auto, or a list of two models or more, the cheapest first',
        },
      )
      .default('auto')
      .describe(
        'Who is asked, in this order; who may not serve is left out. `auto`: for each request, the beginning that its bids let expect to lose least.',
      ),
    maxSteps: z.int().min(2).max(8).default(2).describe('The most models that one request asks.'),
    accept: z
      .strictObject({
        by: z
          .enum(['meanLogprob', 'minLogprob', 'selfCheck', 'form'])
          .default('meanLogprob')
          .describe(
            'What tells how sure a model was: the mean or the lowest log-probability of its tokens; a short question whether the answer is right (chat, responses and completions); or nothing but its form. Refusals, empty and cut answers, JSON and tool calls that do not fit are doubted in any case.',
          ),
        checkedBy: identifier
          .optional()
          .describe('The model that `selfCheck` asks. Unset: the one that gave the answer.'),
        from: ratio
          .optional()
          .describe(
            'An answer is accepted from this probability of being right on. Unset: where a further model is not worth its price.',
          ),
        afterTokens: count
          .optional()
          .describe(
            'A stream is accepted or given up after so many tokens, and flows from then on. Unset: at its end.',
          ),
      })
      .refine(({ checkedBy, by }) => checkedBy === undefined || by === 'selfCheck', {
        path: ['checkedBy'],
        error: 'needs by: selfCheck',
      })
      .refine(({ afterTokens, by }) => afterTokens === undefined || by.endsWith('Logprob'), {
        path: ['afterTokens'],
        error: 'needs by: meanLogprob or minLogprob: nothing else tells before the end',
      })
      .refine(({ from, by }) => from === undefined || by !== 'form', {
        path: ['from'],
        error: 'has no meaning with by: form, which tells no probability',
      })
      .prefault({})
      .describe('When an answer is good enough.'),
  })
  .describe(
    'Asks a cheap model first, and a dearer one where its answer is doubtful. All that was asked is charged.',
  );

export const hedgeSchema = z
  .strictObject({
    afterQuantile: z
      .number()
      .gt(0.5)
      .lt(1)
      .default(0.95)
      .describe(
        'The second instance is asked when the first has not begun after the time that it keeps so often: to the first token of a stream, to the end of another answer.',
      ),
    afterMs: positive.optional().describe('A fixed time in place of that quantile.'),
    maxShare: ratio
      .gt(0)
      .default(0.05)
      .describe("The most of the route's requests that ask a second instance."),
    maxLoad: ratio
      .gt(0)
      .default(0.7)
      .describe('Above this load of the instances that may serve, nobody is asked twice.'),
  })
  .describe(
    'Asks the next instance too where the first is slow to begin; the first token wins, the other is given up, both are charged.',
  );
