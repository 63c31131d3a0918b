import { z } from 'zod';
import { count, positive, ratio } from './scalars.ts';

const reliability = z
  .strictObject({
    score: ratio.default(0.7).describe('A score from 0 to 1 by `POST /v1/feedback`.'),
    thumb: ratio.default(0.5).describe('A thumb up or down.'),
    correction: ratio.default(0.7).describe('A corrected answer: the one that came was wrong.'),
    fit: ratio
      .default(0.3)
      .describe('A model called too weak for the request, or more than it needed.'),
    guard: ratio.default(0.5).describe('A call of a tool that the request does not have.'),
    judge: ratio
      .default(0.6)
      .describe('A judge of `judges`, until it is known how often it agrees with others.'),
    'tool-failure': ratio
      .default(0.15)
      .describe('A tool that the answer called reports an error in the next turn.'),
    retry: ratio.default(0.1).describe('The same conversation, sent again by its session.'),
    truncated: ratio.default(0.1).describe('An answer that nobody limited and that did not end.'),
    refused: ratio.default(0.2).describe('An answer that the model or its filter refused.'),
  })
  .prefault({})
  .describe('How much of a certain verdict one of each source counts, 0 to 1.');

const drift = z
  .strictObject({
    watch: z.boolean().default(true).describe('Whether models are watched for a silent loss.'),
    loss: z
      .number()
      .min(0.02)
      .max(0.5)
      .default(0.15)
      .describe('The loss of accuracy that is looked for; smaller ones take longer to see.'),
    verdictsPerFalseAlarm: count
      .min(100)
      .max(100_000_000)
      .default(10_000)
      .describe('On average, one false alarm may come in so many verdicts on a model.'),
  })
  .prefault({})
  .describe(
    'When a model is found to have become worse, what was learned of it before is forgotten.',
  );

/** How verdicts become beliefs: `learning.accuracy`. */
export const accuracyLearningSchema = z
  .strictObject({
    halfLifeVerdicts: positive
      .min(10)
      .default(500)
      .describe('After so many verdicts, one counts half.'),
    halfLifeDays: positive
      .max(3650)
      .default(30)
      .describe('After so many days, a verdict counts half.'),
    byDifficulty: z
      .boolean()
      .default(false)
      .describe(
        'Whether the accuracy of a card falls with the difficulty of the request (`complexity`): the card is taken for one of exam questions. Reads each prompt for which models compete.',
      ),
    reliability,
    drift,
  })
  .prefault({})
  .describe('How often answers are right: what verdicts teach beyond the priors of the models.');

export const feedbackSchema = z
  .strictObject({
    keepsCorrections: z
      .boolean()
      .default(false)
      .describe(
        "Whether the texts of corrections are kept in the store. They are the clients' words.",
      ),
    taughtPerTenantHour: count
      .max(1_000_000)
      .default(600)
      .describe(
        'Verdicts of one tenant in an hour that teach. Further ones are kept and teach nothing, so that no tenant decides alone what is believed of a model.',
      ),
    implicit: z
      .boolean()
      .default(false)
      .describe(
        'Whether what speaks against an answer is a verdict too: a conversation sent again, a tool that failed, an answer that did not end or was refused.',
      ),
  })
  .prefault({})
  .describe('What becomes of `POST /v1/feedback`, and of other signs of how good an answer was.');
