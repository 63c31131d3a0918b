import type { DecisionId, InstanceId, KeyId, ModelId, TenantId } from '../kernel/index.ts';
import type { Explored } from './exploration.ts';
import type { ComplexityBand } from './accuracy.ts';
import type { BidMiss, Payment } from './bidding.ts';
import type { ConfidenceKind } from './policy.ts';
import type { Surface } from './workload.ts';

/** Token counts as the upstream reported them, or as they were seen where it did not (`isEstimated`). */
export interface Usage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly isEstimated: boolean;
  /** Of the prompt, in no cache before and charged for being written to one; unset: 0. */
  readonly cacheWriteTokens?: number;
  /** Of those, kept for an hour; unset: 0. */
  readonly cacheWriteHourTokens?: number;
  /** Of the output, spent on thinking; unset: 0. */
  readonly reasoningTokens?: number;
  /** Of the prompt, pictures and sound; unset: 0. */
  readonly imageTokens?: number;
  readonly audioTokens?: number;
  /** Of the output, sound; unset: 0. */
  readonly audioOutputTokens?: number;
  /** What the upstream itself says that the answer costs; unset: it does not say. */
  readonly reportedPicoUsd?: number;
}

export type AttemptResult =
  | 'ok'
  | 'connect'
  | 'status'
  | 'rate-limited'
  | 'credential'
  | 'timeout'
  /** A connection that had been idle was closed as the request went out: it is unlikely that it was read. */
  | 'stale'
  | 'cut'
  | 'protocol'
  | 'aborted';

/** How sure a model was of one answer. */
export interface Confidence {
  readonly kind: ConfidenceKind;
  /** In nats: a log-probability, or the log-odds of "yes". */
  readonly value: number;
  /** P(correct) that was believed of its model before it answered, 0–1. */
  readonly believed: number;
}

/** What one of several attempts that are charged was for, and its part of the outcome's totals. */
export interface AttemptShare {
  /** `check`: it was asked whether an answer is right. */
  readonly role: 'step' | 'check' | 'hedge';
  readonly model: ModelId;
  readonly usage: Usage;
  readonly costPicoUsd: number;
  readonly energyMicrojoules: number;
  /** Null where it is not known. */
  readonly confidence: Confidence | null;
  /** What the owner of its instance gets; unset: nothing. */
  readonly payment?: Payment;
}

/** One dispatch to one instance. */
export interface AttemptRecord {
  readonly instance: InstanceId;
  readonly result: AttemptResult;
  /** HTTP status of the upstream; null when none came. */
  readonly status: number | null;
  readonly ttftMs: number | null;
  readonly totalMs: number;
  /** What the bid promised for this instance; null without a bid. */
  readonly promisedTtftMs: number | null;
  readonly promisedLatencyMs: number | null;
  /** The bid's `waitMs` and mean `outputTokens`: learning tells the instance's own time from the queue and the length. */
  readonly promisedWaitMs: number | null;
  readonly promisedOutputTokens: number | null;
  /** The bid's `occupancy`, of which times are learned; null where nobody knew. */
  readonly batch: number | null;
  readonly turns: number | null;
  readonly pendingTokens: number | null;
  /** Set where the promises are those of the instance's own bidder, as it made them. Null: it did not say. */
  readonly quoted?: { readonly energyJoules: number | null };
  /** Set on what is charged where that is more than one answer; unset: the outcome's usage is that of the answer. */
  readonly share?: AttemptShare;
}

/** What really happened to one request. Plain data: it crosses threads, and is a row of the ledger. */
export interface Outcome {
  readonly decision: DecisionId;
  readonly atMs: number;
  readonly surface: Surface;
  readonly tenant: TenantId;
  readonly key: KeyId;
  readonly user: string | null;
  readonly route: string;
  readonly mode: string;
  /** The instance and model that served, or tried last; null when none was tried. */
  readonly instance: InstanceId | null;
  readonly model: ModelId | null;
  readonly archetype: string;
  /** What the market read of the request's topic; unset: it had no need to. */
  readonly domain?: string | null;
  readonly band?: ComplexityBand | null;
  /** Where the request stands among others, packed by `estimate`; unset: the market had no need to read it. */
  readonly context?: string;
  /** The probability with which the first bid was chosen, and why, where that was not for its score; unset: 1. */
  readonly propensity?: number;
  readonly explored?: Explored['kind'];
  readonly promptBytes: number;
  readonly status: 'ok' | 'failed' | 'cut' | 'aborted';
  readonly httpStatus: number;
  readonly finishReason: string | null;
  readonly usage: Usage;
  readonly costPicoUsd: number;
  readonly energyMicrojoules: number;
  readonly energySource: 'engine' | 'curve' | 'unknown';
  readonly ttftMs: number | null;
  readonly totalMs: number;
  readonly perTokenMs: number | null;
  readonly attempts: readonly AttemptRecord[];
  /** What the owner that served gets; unset: the house's own instance served, or nobody. */
  readonly payment?: Payment;
  /** Bidders that did not quote in time; unset: none. */
  readonly bidMisses?: readonly BidMiss[];
  /** Set by `settle`: the reservation that this charge settles; null where no budget applied. */
  readonly reservation: string | null;
}
