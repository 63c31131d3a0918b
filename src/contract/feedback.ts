import type { DecisionId } from '../kernel/index.ts';
import type { VerdictSource } from './accuracy.ts';

/** What a client says of one answer. At least one member besides the decision is set. */
export interface Feedback {
  readonly decision: string;
  /** 0–1. */
  readonly score?: number;
  readonly thumb?: 'up' | 'down';
  /** What the answer should have been: the client's text. */
  readonly correction?: string;
  /** Whether the model was too weak for the request, or more than it needed. */
  readonly fit?: 'underpowered' | 'overprovisioned';
}

export type FeedbackAnswer =
  | {
      readonly kind: 'taken';
      /** Said for the first time; the rest of what was said was known already, and the first word stands. */
      readonly recorded: readonly VerdictSource[];
      readonly known: readonly VerdictSource[];
    }
  /** There is no such decision, or it is another tenant's: nobody can tell which. */
  | { readonly kind: 'unknown' }
  /** The store did not take it. */
  | { readonly kind: 'failed' };

/**
 * A verdict as the ledger keeps it: one of each source for a decision, and of each judge one of each form
 * (`judge:NAME`, and `pair:NAME` of two answers).
 */
export interface StoredVerdict {
  readonly decision: DecisionId;
  readonly source: VerdictSource | `judge:${string}` | `pair:${string}`;
  readonly atMs: number;
  readonly score: number;
  /** The text of a correction, where the policy keeps them. */
  readonly note: string | null;
}
