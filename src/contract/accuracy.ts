import type { DecisionId, ModelId } from '../kernel/index.ts';
import type { ShareKey } from './signal.ts';

/** How hard a request is, by the chance that a small model fails: up to a third, up to two thirds, above. */
export type ComplexityBand = 'easy' | 'medium' | 'hard';

/** What a request is about, as far as the accuracy of models depends on it. Null: not known. */
export interface Topic {
  readonly domain: string | null;
  readonly band: ComplexityBand | null;
  /** The chance that a small model fails, of which `band` is the third; null or unset: not known. */
  readonly chance?: number | null;
  readonly spentMicroseconds: number;
}

/** The topic of one request: the market fills it where it needs it, and who settles the request writes it down. */
export const TOPIC_IN_VIEW: ShareKey<{ topic: Topic | null }> = {
  make: () => ({ topic: null }),
};

/** What the exchange itself sees go wrong with an answer: each a weak sign, and never one of a right answer. */
export type DoubtSource = 'tool-failure' | 'retry' | 'truncated' | 'refused';

/** Who judged. Each word counts by its reliability. */
export type VerdictSource =
  | 'score'
  | 'thumb'
  | 'correction'
  | 'fit'
  | 'guard'
  | 'judge'
  | DoubtSource;

/** What somebody else said of the same answer before. */
export interface OtherVerdict {
  readonly source: VerdictSource;
  /** Its name where it was a judge. */
  readonly judge: string | null;
  readonly score: number;
}

/** A judgement of one answer that arrives later, by the id of its decision. */
export interface Verdict {
  readonly decision: DecisionId;
  readonly source: VerdictSource;
  readonly atMs: number;
  readonly model: ModelId;
  readonly domain: string | null;
  readonly band: ComplexityBand | null;
  /** As the outcome has it; unset: it was not read. */
  readonly context?: string;
  /** 0 for a wrong answer, 1 for a right one. */
  readonly score: number;
  /** In place of the reliability of its source, 0–1; unset: that of the source. */
  readonly reliability?: number;
  /** Which judge, where its source is one. */
  readonly judge?: string;
  /** The share of requests that were judged where this one was; unset: it was not drawn. */
  readonly propensity?: number;
  /** What others have said of the answer; unset: nobody has. */
  readonly others?: readonly OtherVerdict[];
  /** What the models that had a part in the answer said of themselves; unset: nothing. */
  readonly confidence?: readonly ConfidenceSeen[];
}

/** A confidence, and whose chance of being right it tells of: a key of `Beliefs.confidence`. */
export interface ConfidenceSeen {
  readonly key: string;
  /** Whose levels the value is measured by: a key of `Beliefs.confidence`. */
  readonly level: string;
  readonly value: number;
  /** P(correct) that was believed before. */
  readonly believed: number;
}

/**
 * How a confidence value tells of P(correct): `logit p = logit(believed) + offset + slope·z`, with `z` the
 * value in deviations from its mean, fitted by verdicts.
 */
export interface ConfidenceRecord {
  /** Of the values that were seen. */
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
  readonly offset: number;
  readonly slope: number;
  /** Of both: variance of the offset, covariance, variance of the slope. */
  readonly covariance: readonly [number, number, number];
  /** That taught it. */
  readonly verdicts: number;
}

/** Answers that were found right and wrong, in whole questions, with forgetting. */
export interface AccuracyRecord {
  readonly right: number;
  readonly wrong: number;
  /** Wall time of the last verdict: what was counted fades from then on. */
  readonly atMs: number;
}

/** What a change of quality was found to be. Accuracies are 0–1. */
export interface DriftAlarm {
  readonly atMs: number;
  readonly before: number;
  readonly after: number;
  /** Verdicts between the change and its detection. */
  readonly verdicts: number;
}

/** A watch over one model's quality. */
export interface DriftRecord {
  /** Its verdicts, with forgetting. */
  readonly reference: {
    readonly right: number;
    readonly wrong: number;
    readonly atMs: number;
    /**
     * How much easier than others a topic `domain|band` is, and how much milder a speaker `@thumb`: in
     * log-odds, and how surely that is known (the inverse of its variance).
     */
    readonly offsets: Readonly<Record<string, readonly [offset: number, precision: number]>>;
  };
  /** Of each level of quality, how well it explains the verdicts without a change: in nats below the best. */
  readonly likelihoods: readonly number[];
  /** Of each level, how much better a loss explains them, summed over when it may have been: in nats. */
  readonly ratios: readonly number[];
  /** Evidence of a loss over all levels, in nats; 0: none. */
  readonly evidence: number;
  /** Verdicts since the change, if there was one: weighted, and as they were given. */
  readonly suspected: {
    readonly right: number;
    readonly wrong: number;
    readonly count: number;
    readonly scored: number;
    readonly evidence: number;
  };
  /** The last alarm; null: there was none. */
  readonly alarm: DriftAlarm | null;
}

export const accuracyKey = (
  model: ModelId,
  domain: string | null,
  band: ComplexityBand | null,
): string =>
  domain === null ? model : band === null ? `${model}|${domain}` : `${model}|${domain}|${band}`;
