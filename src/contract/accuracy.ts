import type { DecisionId, ModelId } from '../kernel/index.ts';
import type { ShareKey } from './signal.ts';

/** How hard a request is, by the chance that a small model fails: up to a third, up to two thirds, above. */
export type ComplexityBand = 'easy' | 'medium' | 'hard';

/** What a request is about, as far as the accuracy of models depends on it. Null: not known. */
export interface Topic {
  readonly domain: string | null;
  readonly band: ComplexityBand | null;
  readonly spentMicroseconds: number;
}

/** The topic of one request: the market fills it where it needs it, and who settles the request writes it down. */
export const TOPIC_IN_VIEW: ShareKey<{ topic: Topic | null }> = {
  make: () => ({ topic: null }),
};

/** Who judged. Each word counts by its reliability. */
export type VerdictSource = 'score' | 'thumb' | 'correction' | 'fit' | 'guard';

/** A judgement of one answer that arrives later, by the id of its decision. */
export interface Verdict {
  readonly decision: DecisionId;
  readonly source: VerdictSource;
  readonly atMs: number;
  readonly model: ModelId;
  readonly domain: string | null;
  readonly band: ComplexityBand | null;
  /** 0 for a wrong answer, 1 for a right one. */
  readonly score: number;
  /** In place of the reliability of its source, 0–1; unset: that of the source. */
  readonly reliability?: number;
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

/** Right and wrong answers in all, and those whose topic was known by `domain|band`. */
export interface TopicTally {
  readonly right: number;
  readonly wrong: number;
  readonly topics: Readonly<Record<string, readonly [right: number, wrong: number]>>;
}

/** A watch over one model's quality. */
export interface DriftRecord {
  /** What the model is held against: its verdicts while no change was suspected. */
  readonly reference: TopicTally & { readonly atMs: number };
  /** Evidence of a loss in nats; 0: none. */
  readonly evidence: number;
  /** Verdicts since the evidence was 0 last. */
  readonly suspected: TopicTally & { readonly count: number };
  /** The last alarm; null: there was none. */
  readonly alarm: DriftAlarm | null;
}

export const accuracyKey = (
  model: ModelId,
  domain: string | null,
  band: ComplexityBand | null,
): string =>
  domain === null ? model : band === null ? `${model}|${domain}` : `${model}|${domain}|${band}`;
