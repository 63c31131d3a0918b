import type { DecisionView } from './decision.ts';
import type { Lifecycle } from './fleet.ts';
import type { PolicyProblem } from './policy.ts';
import type { SignalValue } from './signal.ts';
import type { Surface } from './workload.ts';

/**
 * A request that is decided and not served: `text` as the message of one user, a whole `body`, or `bytes`
 * of text that says nothing; who asks, when, and what is taken for granted instead of being read.
 */
export interface OfflineRequest {
  readonly text?: string;
  /** The JSON object that a client would send. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** So much text, where the readings are assumed. */
  readonly bytes?: number;
  /** The model that the client asks for; `auto` if neither this nor the body names one. */
  readonly model?: string;
  /** Names of tools that the request declares, where it has no `body`. */
  readonly tools?: readonly string[];
  /** By default what the body looks like: `messages` are chat, `prompt` completions, `input` responses. */
  readonly surface?: Surface;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly tenant?: string;
  readonly key?: string;
  readonly roles?: readonly string[];
  /** ISO 8601, with an offset; by default now. */
  readonly at?: string;
  /** Readings in place of the signals' own: by key of the slot (`keyword: titan`), else by kind (`domain`). */
  readonly assume?: Readonly<Record<string, Assumed>>;
  /** What is different from an idle, ready fleet, or from the live one, by instance. */
  readonly fleet?: Readonly<Record<string, InstanceAssumption>>;
}

/** A value, null for unknown, or a value with its confidence. A class may stand for certainty of it. */
export type Assumed =
  | SignalValue
  | null
  | { readonly value: SignalValue | null; readonly confidence?: number };

/** In the words of the policy's `pool` condition. */
export interface InstanceAssumption {
  readonly lifecycle?: Lifecycle;
  readonly running?: number;
  readonly queue?: number;
  /** 0–1. */
  readonly kvUsage?: number;
}

/** What came of one entry under `tests` of a policy. */
export interface PolicyTestResult {
  readonly name: string;
  /** Null where the request cannot be read. */
  readonly decision: DecisionView | null;
  /** Empty where all is as expected. */
  readonly failures: readonly PolicyProblem[];
}

/** How one policy decides a request, as far as two policies are compared. Amounts are expected ones. */
export interface DecidedBy {
  readonly route: string | null;
  readonly model: string | null;
  readonly mode: string | null;
  /** The reason, or the code of the fault of a request that cannot be read. */
  readonly refusal: string | null;
  /** The route's fixed answer is given. */
  readonly isAnswered: boolean;
  /** What is injected for the winner, as JSON that is the same where the injection is; empty: nothing. */
  readonly injection: string;
  /** 0 where no model is asked; null: unknown. */
  readonly costUsd: number | null;
  readonly energyJoules: number | null;
}

export interface RequestDiff {
  readonly before: DecidedBy;
  readonly after: DecidedBy;
  /** Empty where both decide alike. */
  readonly changes: readonly (
    | 'route'
    | 'model'
    | 'mode'
    | 'refusal'
    | 'injection'
    | 'cost'
    | 'energy'
  )[];
}

/** Two policies. */
export interface PolicyDiff {
  /** Rejects with `BRS_OFFLINE_INPUT` for what is no request. */
  compare(request: unknown): Promise<RequestDiff>;
}

/** Sums before and after; `unknown` requests are in neither. */
export interface AmountTotals {
  readonly before: number;
  readonly after: number;
  readonly unknown: number;
}

/** Tests that are chosen from what is added. */
export interface TestSuggestions {
  /** False where the exchange cannot read the body. Rejects with `BRS_OFFLINE_INPUT` for what is no request. */
  addRequest(request: unknown): Promise<boolean>;
  addDecision(view: DecisionView): void;
  /** `dropped`: how many the policy by itself decides otherwise than when they were remembered. */
  choose(
    limit: number,
    header: readonly string[],
  ): Promise<{ readonly count: number; readonly dropped: number; readonly yaml: string }>;
}
