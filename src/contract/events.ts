import type { DecisionId, FaultCode, InstanceId, ModelId } from '../kernel/index.ts';
import type { BudgetQuantity, WarningRatio } from './budget.ts';
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
  /** An answer called a tool that it may not call. */
  | {
      readonly kind: 'tool-call-guarded';
      readonly decision: DecisionId;
      /** For example `constraint no-shell`; `undeclared` where the request had no such tool. */
      readonly source: string;
      readonly action: 'drop' | 'block';
      /** Its name: the model's text, escaped and cut short. */
      readonly tool: string;
    }
  | {
      readonly kind: 'attempt-failed';
      readonly decision: DecisionId;
      readonly instance: InstanceId;
      readonly result: string;
    }
  /** A limit of the exchange's own cut an answer, which goes on: by a continuation, or from its beginning. */
  | {
      readonly kind: 'answer-continued' | 'answer-restarted';
      readonly decision: DecisionId;
      readonly instance: InstanceId;
      readonly limitTokens: number;
    }
  | { readonly kind: 'circuit-opened'; readonly instance: InstanceId; readonly forMs: number }
  | { readonly kind: 'circuit-closed'; readonly instance: InstanceId }
  | {
      readonly kind: 'instance-state';
      readonly instance: InstanceId;
      readonly lifecycle: string;
      readonly reason: string | null;
    }
  /** Spending has passed a share of a budget: once in a period, and again where the limit was raised meanwhile. */
  | {
      readonly kind: 'budget-warning';
      readonly budget: string;
      /** Percent-encoded values: `tenant=acme&user=zoe`. */
      readonly scope: string;
      readonly quantity: BudgetQuantity;
      readonly level: WarningRatio;
      /** Settled over what may be spent, as it was found. */
      readonly usedRatio: number;
      readonly periodStartMs: number;
      /** Null: the period never ends. */
      readonly periodEndMs: number | null;
    }
  /** Verdicts show that a model has become worse. Accuracies are 0–1; the verdicts are those since the change. */
  | {
      readonly kind: 'model-drifted';
      readonly model: ModelId;
      readonly before: number;
      readonly after: number;
      readonly verdicts: number;
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
