import { z } from 'zod';
import { count, positive } from './scalars.ts';

export const marketSchema = z
  .strictObject({
    bidDeadlineMs: z
      .int()
      .min(1)
      .max(1_000)
      .default(20)
      .describe(
        'How long a request waits for quotes of bidders; the house quotes for who is late.',
      ),
    bidsOutstanding: count
      .max(10_000)
      .default(64)
      .describe('Questions of one worker to one `bidUrl` that may be unanswered at once.'),
    tellsPrices: z
      .boolean()
      .default(false)
      .describe('Whether bidders are told what time and energy are worth to the request.'),
    tariff: z
      .enum(['own-rates', 'clearing'])
      .default('own-rates')
      .describe(
        'What a tenant is charged where an instance with an `owner` has served: the list rates of its model, and the operator bears the difference to the payment; or the payment itself.',
      ),
    reserveMarkup: positive
      .min(0.1)
      .max(1_000)
      .default(2)
      .describe(
        'An owner gets at most so many times what the house would bid for its instance at list rates; who asks for more is out.',
      ),
    reserveScoreUsd: positive
      .optional()
      .describe('A ceiling, in USD, over the whole score by which an owner is paid.'),
  })
  .prefault({})
  .describe('How instances of other owners are asked for quotes, and paid.');
