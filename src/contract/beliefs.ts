import type { InstanceId, ModelId, TenantId } from '../kernel/index.ts';
import type { AccuracyRecord, ConfidenceRecord, DriftRecord } from './accuracy.ts';
import type { ContextRecord } from './context.ts';

/** A running mean and variance with forgetting; `weight` is the effective number of observations. */
export interface RunningEstimate {
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
}

/**
 * How long answers are: the weight of those in each bin, with forgetting. Bin 0 holds up to 8 tokens,
 * and four bins each octave above it; those that are missing at the end are empty.
 */
export type LengthHistogram = readonly number[];

/** A quantity as a sum of features, each times its coefficient, fitted by recursive least squares. */
export interface FittedLine {
  readonly coefficients: readonly number[];
  /** Of the coefficients: a square matrix, row by row. */
  readonly covariance: readonly number[];
  /** Deviation of a value from the line, relative to its level. */
  readonly spread: number;
  /** The p90 of what was observed, in deviations above the line: 1.28 where errors are normal. */
  readonly tail: number;
  /** The recent mean of those deviations: far from 0 where the quantity has changed. */
  readonly drift: number;
  /** The effective number of observations. */
  readonly weight: number;
}

/** How an instance's time behaves, learned from outcomes; null while cold. The features are those of `estimate`. */
export interface InstanceTiming {
  /** Milliseconds to the first token. */
  readonly ttftMs: FittedLine | null;
  /** Milliseconds per output token after the first. */
  readonly perTokenMs: FittedLine | null;
  /** Share of prompt tokens found in the prefix cache, 0–1. */
  readonly cachedRatio: RunningEstimate | null;
  /** What has come to it lately; null or unset: nothing. */
  readonly demand?: Demand | null;
}

/** Requests that an instance served: sums with forgetting by time, of prompt tokens those that its cache did not hold. */
export interface Demand {
  readonly requests: number;
  readonly tokens: number;
  /** Wall times of the first one and of the last. */
  readonly sinceMs: number;
  readonly atMs: number;
}

/** Whose word is good. Ratios are outcome over promise: above 1 means late. */
export interface Reputation {
  /** EMA of the ratio of realised to promised latency; 1 within the grace. */
  readonly latencyRatio: number;
  /** EMA of the ratio of metered to promised energy, of a bidder's own quotes; 1 within the grace, and where unset. */
  readonly energyRatio?: number;
  /** EMA of questions for a quote that were not answered in time, 0–1; unset: 0. */
  readonly missRatio?: number;
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
  /** Lengths of answers by the same keys, and by `model|archetype|route`. */
  readonly answerLengths: ReadonlyMap<string, LengthHistogram>;
  /** Prompt bytes per prompt token by `tenant|model`; `*|model` is the fallback. */
  readonly bytesPerToken: ReadonlyMap<string, RunningEstimate>;
  /** What verdicts say of answers, by `model`, `model|domain` and `model|domain|band`: each counts in all three. */
  readonly accuracy: ReadonlyMap<string, AccuracyRecord>;
  readonly drift: ReadonlyMap<ModelId, DriftRecord>;
  /** How often each judge is right, as far as others tell: in whole verdicts. */
  readonly judges: ReadonlyMap<string, AccuracyRecord>;
  /** What verdicts say of neighbours of a request. */
  readonly contexts: ReadonlyMap<ModelId, ContextRecord>;
  /** What a model's confidence tells of its answers, and of those of the model asked after it: keys by `estimate`. */
  readonly confidence: ReadonlyMap<string, ConfidenceRecord>;
}

export const NO_BELIEFS: Beliefs = {
  generation: 0,
  timing: new Map(),
  reputation: new Map(),
  outputTokens: new Map(),
  answerLengths: new Map(),
  bytesPerToken: new Map(),
  accuracy: new Map(),
  drift: new Map(),
  judges: new Map(),
  contexts: new Map(),
  confidence: new Map(),
};

export const lengthKey = (model: ModelId | '*', archetype: string): string =>
  `${model}|${archetype}`;
export const routeLengthKey = (model: ModelId, archetype: string, route: string): string =>
  `${model}|${archetype}|${route}`;
export const bytesKey = (tenant: TenantId | '*', model: ModelId): string => `${tenant}|${model}`;
