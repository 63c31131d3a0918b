import type { InstanceId, ModelId, TenantId } from '../kernel/index.ts';

/** A running mean and variance with forgetting; `weight` is the effective number of observations. */
export interface RunningEstimate {
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
}

/** How an instance's time behaves, learned from outcomes; null while cold. */
export interface InstanceTiming {
  /** Milliseconds before the first token that do not depend on the prompt. */
  readonly ttftBaseMs: RunningEstimate | null;
  /** Uncached prompt tokens per second. */
  readonly prefillTokensPerSecond: RunningEstimate | null;
  /** Milliseconds per output token after the first. */
  readonly perTokenMs: RunningEstimate | null;
  /** Share of prompt tokens found in the prefix cache, 0–1. */
  readonly cachedRatio: RunningEstimate | null;
}

/** Whose word is good. Ratios are outcome over promise: above 1 means late. */
export interface Reputation {
  /** EMA of the ratio of realised to promised latency; 1 within the grace. */
  readonly latencyRatio: number;
  /** EMA of failures, 0–1. */
  readonly failureRatio: number;
  readonly observations: number;
  /** Wall time of the last observation: what is held against an instance fades from then on. */
  readonly atMs: number;
}

/**
 * Everything learned: an immutable snapshot, replaced and never mutated. It is plain data under
 * maps, so it crosses threads by structured clone and persists as JSON.
 */
export interface Beliefs {
  readonly generation: number;
  readonly timing: ReadonlyMap<InstanceId, InstanceTiming>;
  readonly reputation: ReadonlyMap<InstanceId, Reputation>;
  /** Output tokens by `model|archetype`; `*|archetype` and `*|*` are the fallbacks. */
  readonly outputTokens: ReadonlyMap<string, RunningEstimate>;
  /** Prompt bytes per prompt token by `tenant|model`; `*|model` is the fallback. */
  readonly bytesPerToken: ReadonlyMap<string, RunningEstimate>;
}

export const NO_BELIEFS: Beliefs = {
  generation: 0,
  timing: new Map(),
  reputation: new Map(),
  outputTokens: new Map(),
  bytesPerToken: new Map(),
};

export const lengthKey = (model: ModelId | '*', archetype: string): string =>
  `${model}|${archetype}`;
export const bytesKey = (tenant: TenantId | '*', model: ModelId): string => `${tenant}|${model}`;
