import type { FaultCode } from '../kernel/index.ts';

/** An expected "no". A value, not an error: it has a reason, a code of the catalogue and a message. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly reason:
    | 'no-eligible-model'
    | 'model-forbidden'
    | 'model-unknown'
    | 'limit-unmeetable'
    | 'budget-exhausted'
    | 'unauthenticated'
    | 'over-limit'
    | 'policy';
  readonly code: FaultCode;
  /** Safe for the client: names the place and the remedy. */
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as Refusal).kind === 'refusal';
}
