import type { DecisionId, InstanceId, KeyId, ModelId, TenantId } from '../kernel/index.ts';
import type { ComplexityBand } from './accuracy.ts';
import type { Surface } from './workload.ts';

/** Token counts as the upstream reported them, or as they were seen where it did not (`isEstimated`). */
export interface Usage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly isEstimated: boolean;
}

export type AttemptResult =
  | 'ok'
  | 'connect'
  | 'status'
  | 'rate-limited'
  | 'credential'
  | 'timeout'
  | 'cut'
  | 'protocol'
  | 'aborted';

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
  /** Set by `settle`: the reservation that this charge settles; null where no budget applied. */
  readonly reservation: string | null;
}
