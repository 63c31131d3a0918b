import type { DecisionId, FaultCode, InstanceId } from '../kernel/index.ts';
import type { Outcome } from './outcome.ts';

/**
 * What happens, versioned: logs, metrics, traces and the dashboard subscribe to it. A new member
 * is no new version; a changed one is.
 */
export const EVENTS_VERSION = 1;

export type BourseEvent =
  | {
      readonly kind: 'refused';
      readonly decision: DecisionId;
      readonly reason: string;
      readonly code: string;
    }
  /** The server answered by itself: a missing key, a body too large, a ceiling. */
  | { readonly kind: 'turned-away'; readonly code: string }
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  | {
      readonly kind: 'attempt-failed';
      readonly decision: DecisionId;
      readonly instance: InstanceId;
      readonly result: string;
    }
  | { readonly kind: 'circuit-opened'; readonly instance: InstanceId; readonly forMs: number }
  | { readonly kind: 'circuit-closed'; readonly instance: InstanceId }
  | {
      readonly kind: 'instance-state';
      readonly instance: InstanceId;
      readonly lifecycle: string;
      readonly reason: string | null;
    }
  | { readonly kind: 'policy-reloaded'; readonly generation: number }
  | { readonly kind: 'policy-rejected'; readonly report: string }
  | { readonly kind: 'store-failed'; readonly reason: string }
  | { readonly kind: 'store-recovered' }
  | { readonly kind: 'queue-dropped'; readonly queue: string; readonly count: number }
  | { readonly kind: 'worker-lost'; readonly worker: number }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly message: string };

/** Gets every event, synchronously: it must be quick and must not throw. */
export interface Observer {
  on(event: BourseEvent): void;
  /** Hot path: a stage took this long. Kept apart from `on` so that it allocates nothing. */
  stage(name: string, spentMicroseconds: number): void;
}
