import type { DecisionId, FaultCode, InstanceId, ModelId } from '../kernel/index.ts';
import type { DoubtSource } from './accuracy.ts';
import type { BudgetQuantity, WarningRatio } from './budget.ts';
import type { JudgementResult } from './judge.ts';
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
  /** A stream broke off, and another instance goes on with it. */
  | {
      readonly kind: 'answer-taken-over';
      readonly decision: DecisionId;
      readonly from: InstanceId;
      readonly instance: InstanceId;
    }
  /** An answer was not good enough, and a dearer model is asked. P(correct) as it was believed, 0–1. */
  | {
      readonly kind: 'escalated';
      readonly decision: DecisionId;
      readonly from: ModelId;
      readonly to: ModelId;
      readonly believed: number;
      /** For example `meanLogprob -0.62`, or `empty`. */
      readonly because: string;
    }
  /** The first instance was slow: a second one is asked too. */
  | {
      readonly kind: 'hedged';
      readonly decision: DecisionId;
      readonly instance: InstanceId;
      readonly afterMs: number;
    }
  /** One of several keys of an instance is left alone. `place`: which, from 1 on, in the order of the policy. */
  | {
      readonly kind: 'key-rested';
      readonly instance: InstanceId;
      readonly place: number;
      readonly because: 'refused' | 'rate-limited';
      readonly forMs: number;
    }
  | { readonly kind: 'circuit-opened'; readonly instance: InstanceId; readonly forMs: number }
  | { readonly kind: 'circuit-closed'; readonly instance: InstanceId }
  /** A bidder does not answer: it is not asked for a while, and the house quotes for it. */
  | { readonly kind: 'bidder-silent'; readonly instance: InstanceId; readonly forMs: number }
  | { readonly kind: 'bidder-heard'; readonly instance: InstanceId }
  /** The events of its KV memory do not come: what it holds is guessed. */
  | {
      readonly kind: 'kv-events-lost';
      readonly instance: InstanceId;
      readonly reason: string;
    }
  | { readonly kind: 'kv-events-heard'; readonly instance: InstanceId }
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
  /** A judge was asked about an answer. */
  | {
      readonly kind: 'answer-judged';
      readonly decision: DecisionId;
      readonly judge: string;
      readonly form: 'absolute' | 'pairwise';
      readonly result: JudgementResult;
      /** 0–1; null where there is none. */
      readonly score: number | null;
      /** The share of requests that are judged like this one. */
      readonly propensity: number;
    }
  /** Something about an answer speaks against it. */
  | { readonly kind: 'answer-doubted'; readonly decision: DecisionId; readonly source: DoubtSource }
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
