import { z } from 'zod';

/**
 * What a simulated server does wrong:
 * `error500`: answers 500; `rate-limit`: answers 429 with Retry-After; `hang`: takes the request and never
 * answers; `cut`: destroys the connection after `afterTokens` tokens of the answer; `refuse`: destroys
 * every connection as soon as a request comes; `slow`: computes `factor` times as slowly.
 * All but `refuse` touch the model paths only: health and metrics look well.
 */
export const faultSchema = z.strictObject({
  kind: z.enum(['none', 'error500', 'hang', 'cut', 'refuse', 'slow', 'rate-limit']),
  afterTokens: z.int().min(0).max(1_000_000).default(0),
  factor: z.number().min(1).max(10_000).default(10),
});

export type SimulatedFault = z.input<typeof faultSchema>;
export type ActiveFault = z.output<typeof faultSchema>;
export const NO_FAULT: ActiveFault = { kind: 'none', afterTokens: 0, factor: 1 };
