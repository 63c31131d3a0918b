import { z } from 'zod';

export const queueSchema = z
  .strictObject({
    order: z
      .enum(['shortest-first', 'arrival'])
      .default('shortest-first')
      .describe('Who goes next: the shortest prompt, or who came first.'),
    patience: z
      .number()
      .min(0)
      .max(1000)
      .default(30)
      .describe(
        'Shortest first: a request is passed by none that comes later than this many times its own prefill time.',
      ),
    maxMs: z
      .int()
      .min(1)
      .max(600_000)
      .default(30_000)
      .describe('After this time a request goes out, wherever it stands.'),
  })
  .describe(
    'A request waits at the exchange while the instance that wins it has work before it, and the auction is held again when a place is free. Unset: it goes out at once.',
  );
