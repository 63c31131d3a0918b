import type { Model } from './fleet.ts';
import type { ModelId } from '../kernel/index.ts';
import type { ShareKey, SharedWork } from './signal.ts';
import type { Topic } from './accuracy.ts';
import type { Workload } from './workload.ts';

/** The numbers that requests are compared by: each of about unit variance, the first of them always 1. */
export interface ContextSpace {
  /** Numbers of differently named spaces are never compared. */
  readonly name: string;
  readonly size: number;
  /** How far a model's log-odds may differ along each number before anything was seen; of the first: unused. */
  readonly variances: ArrayLike<number>;
}

/** Where one request stands among all: near requests have like numbers. */
export interface RequestContext {
  readonly space: ContextSpace;
  readonly values: ArrayLike<number>;
  /** What a trained router foretells of the model here; null where there is no router. */
  forecast(model: Model): TrainedForecast | null;
  readonly spentMicroseconds: number;
}

/** Foretold log-odds of a right answer; of a model that no table knew, how far they differ from its usual ones. */
export interface TrainedForecast {
  readonly logit: number;
  readonly isKnown: boolean;
  /** How many verdicts a forecast of a known model weighs as much as. */
  readonly questions: number;
}

/** What was believed of a model on one request before any verdict. */
export interface ContextPrior {
  readonly logit: number;
  /** It weighs as much as so many verdicts. */
  readonly questions: number;
  /** Of the space's variances: a router that knows the model knows how it differs from request to request too. */
  readonly spread: number;
}

/** What the market made of one request's context: whoever settles the request writes it down. */
export interface ContextSeen {
  /** Null: it had no need to. */
  context: RequestContext | null;
  readonly priors: Map<ModelId, ContextPrior>;
}

export const CONTEXT_IN_VIEW: ShareKey<ContextSeen> = {
  make: () => ({ context: null, priors: new Map() }),
};

/** Reads contexts of requests. */
export interface ContextReader {
  readonly space: ContextSpace;
  /** Null where it cannot be told at once. */
  read(workload: Workload, shared: SharedWork, topic: Topic): RequestContext | null;
}

/**
 * How a model's log-odds depend on the context, beyond what was believed before: a Bayesian logistic
 * regression. The numbers belong to `space`.
 */
export interface ContextRecord {
  readonly space: string;
  readonly mean: readonly number[];
  /** Of the mean: a square matrix, row by row. */
  readonly covariance: readonly number[];
  /** The variance of the first number before any verdict. */
  readonly levelVariance: number;
  /** Of the space's variances, before any verdict. */
  readonly spread: number;
  /** Verdicts that it rests on, with forgetting. */
  readonly weight: number;
  /** Wall time of the last verdict. */
  readonly atMs: number;
}

/** What was trained on a table of outcomes, for requests. */
export interface TrainedRouter {
  readonly space: ContextSpace;
  /** The numbers of one text. `embedding`: its vector by the fast encoder. */
  read(text: string, embedding: Float32Array): Float32Array;
  forecast(model: Model, values: Float32Array): TrainedForecast;
}
