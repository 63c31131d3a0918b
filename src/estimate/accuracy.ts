import type { AccuracyRecord, Beliefs, ComplexityBand, Estimate } from '../contract/index.ts';
import { accuracyKey } from '../contract/index.ts';
import type { ContextPrior, Model, Topic, TrainedForecast } from '../contract/index.ts';
import { logitOf } from './context.ts';

/** What the figures of a model card count as, where the operator does not say. */
const CARD_QUESTIONS = 400;
/** What they still count as once the model was found to have changed. */
const CARD_QUESTIONS_AFTER_DRIFT = 10;
/** Without a figure on the card: one right and one wrong answer, before any verdict. */
const UNKNOWN_QUESTIONS = 2;
/** Verdicts on one topic that weigh as much as what is known of the model at large. */
const SHRINKAGE_QUESTIONS = 20;
/** No rate is 0 or 1 for certain. */
const LEAST_RATE = 1e-3;

export const NO_RECORD: AccuracyRecord = { right: 0, wrong: 0, atMs: 0 };

/** How fast verdicts are forgotten. */
export interface Forgetting {
  readonly halfLifeVerdicts: number;
  readonly halfLifeMs: number;
}

export function bandOf(chanceOfFailure: number): ComplexityBand {
  return chanceOfFailure < 1 / 3 ? 'easy' : chanceOfFailure < 2 / 3 ? 'medium' : 'hard';
}

/** The record as it stands at `atMs`. A clock that jumps back changes nothing. */
export function faded(record: AccuracyRecord, atMs: number, halfLifeMs: number): AccuracyRecord {
  const elapsedMs = atMs - record.atMs;
  if (!(elapsedMs > 0)) return record;
  const kept = 2 ** (-elapsedMs / halfLifeMs);
  return { right: record.right * kept, wrong: record.wrong * kept, atMs };
}

/** Counts one verdict as `weight` of a question, `score` of it right; older ones fade by as much. */
export function countVerdict(
  record: AccuracyRecord,
  verdict: { readonly score: number; readonly weight: number; readonly atMs: number },
  { halfLifeVerdicts, halfLifeMs }: Forgetting,
): AccuracyRecord {
  const { score, weight, atMs } = verdict;
  const before = faded(record, atMs, halfLifeMs);
  const kept = 2 ** (-weight / halfLifeVerdicts);
  return {
    right: before.right * kept + weight * score,
    wrong: before.wrong * kept + weight * (1 - score),
    atMs: Math.max(record.atMs, atMs),
  };
}

/**
 * Log-odds that a model's chance loses for each of a request's difficulty, and the mean difficulty of the questions that
 * public figures rest on: fitted on one fold of MMLU-Pro and judged on another (`node bench/learning/difficulty.ts`).
 */
export const DIFFICULTY_SLOPE = 0.58;
export const EXAM_DIFFICULTY = 0.93;
/** Below it, what is hard for a model was estimated by hand (models/complexity.md). */
const LEAST_DIFFICULTY = -3;
/** The slopes of single models differ by as much from one another, over the slope. */
const SLOPE_DOUBT = 0.2;

/** By how many log-odds a model is likelier to be right on a request than its card has it. */
export function easeOf(chanceOfFailure: number): number {
  return (
    DIFFICULTY_SLOPE * (EXAM_DIFFICULTY - Math.max(LEAST_DIFFICULTY, logitOf(chanceOfFailure)))
  );
}

/** What a record from a store has to be. */
export function isAccuracyRecord({ right, wrong, atMs }: Partial<AccuracyRecord>): boolean {
  return isAmount(right) && isAmount(wrong) && Number.isFinite(atMs);
}

const isAmount = (value: number | undefined): boolean =>
  value !== undefined && value >= 0 && value < Infinity;

/** What the card alone says of the model at large: null where it says nothing. */
export function priorAccuracy({ accuracy }: Pick<Model, 'accuracy'>): Estimate | null {
  const { default: mean, questions = CARD_QUESTIONS } = accuracy;
  return mean === null ? null : { mean, deviation: Math.sqrt(betaVariance(mean, questions)) };
}

/** How many questions the figures of the model's card count as. */
function priorQuestionsOf({ id, accuracy }: Model, beliefs: Beliefs): number {
  if (accuracy.default === null) return UNKNOWN_QUESTIONS;
  const questions = accuracy.questions ?? CARD_QUESTIONS;
  const hasChanged = (beliefs.drift.get(id)?.alarm ?? null) !== null;
  return hasChanged ? Math.min(questions, CARD_QUESTIONS_AFTER_DRIFT) : questions;
}

/** Of the space's variances, for a model that the router's table knows. */
const TRAINED_SPREAD = 0.25;

/** What is asked about, as far as cards and verdicts tell it apart. `ease` as `easeOf` has it; unset: 0. */
export interface Question extends Pick<Topic, 'domain' | 'band'> {
  readonly ease?: number;
}

/** What is believed of the model in the context before any verdict: by a trained router, else by its card. */
export function contextPrior(
  model: Model,
  beliefs: Beliefs,
  { domain, ease = 0 }: Question,
  forecast: TrainedForecast | null,
): ContextPrior {
  const { default: usual, byDomain } = model.accuracy;
  const card = (domain === null ? undefined : byDomain.get(domain)) ?? usual ?? 0.5;
  const hasChanged = (beliefs.drift.get(model.id)?.alarm ?? null) !== null;
  if (forecast !== null && forecast.isKnown) {
    const { logit, questions } = forecast;
    const kept = hasChanged ? Math.min(questions, CARD_QUESTIONS_AFTER_DRIFT) : questions;
    return { logit, questions: kept, spread: hasChanged ? 1 : TRAINED_SPREAD };
  }
  const logit = logitOf(card) + (forecast === null ? ease : forecast.logit);
  return { logit, questions: priorQuestionsOf(model, beliefs), spread: 1 };
}

/**
 * P(correct) of the model on a topic, the posterior of a Beta at each level: the model at large, its
 * domain, its domain and complexity band. The first begins with the card; each further one is shrunk
 * towards the one before it, `m = w·m′ + (1 − w)·r/n` with `w = κ/(κ + n)` for n verdicts of its own. A
 * domain on the card is moved by as many log-odds as verdicts moved the model at large, and both by the
 * ease of the question, which counts as much as the card does beside verdicts. Null where neither the
 * card nor a verdict says anything.
 */
export function accuracyPosterior(
  model: Model,
  beliefs: Beliefs,
  question: Question | null,
  at: { readonly nowMs: number; readonly halfLifeMs: number },
): Estimate | null {
  const recordOf = (domain: string | null, band: ComplexityBand | null): AccuracyRecord => {
    const record = beliefs.accuracy.get(accuracyKey(model.id, domain, band));
    return record === undefined ? NO_RECORD : faded(record, at.nowMs, at.halfLifeMs);
  };
  const domain = question?.domain ?? null;
  const card = model.accuracy.default;
  const cardOfDomain = domain === null ? undefined : model.accuracy.byDomain.get(domain);
  const whole = recordOf(null, null);
  const verdicts = whole.right + whole.wrong;
  if (card === null && verdicts === 0 && cardOfDomain === undefined) return null;
  const prior = priorQuestionsOf(model, beliefs);
  let mean = ((card ?? 0.5) * prior + whole.right) / (prior + verdicts);
  let variance = betaVariance(mean, prior + verdicts);
  if (cardOfDomain !== undefined) {
    const moved = logit(mean) - logit(card ?? 0.5);
    mean = moved === 0 ? cardOfDomain : logistic(logit(cardOfDomain) + moved);
    variance = betaVariance(mean, prior + verdicts);
  }
  const narrow = (record: AccuracyRecord): void => {
    const count = record.right + record.wrong;
    if (count === 0) return;
    const weight = SHRINKAGE_QUESTIONS / (SHRINKAGE_QUESTIONS + count);
    mean = weight * mean + (1 - weight) * (record.right / count);
    const own = betaVariance(mean, count);
    variance = weight * weight * variance + (1 - weight) * (1 - weight) * own;
  };
  if (domain !== null) narrow(recordOf(domain, null));
  const ease = ((question?.ease ?? 0) * prior) / (prior + verdicts);
  if (ease !== 0) {
    const eased = logistic(logit(mean) + ease);
    const scale = (eased * (1 - eased)) / Math.max(LEAST_RATE, mean * (1 - mean));
    variance = variance * scale * scale + (SLOPE_DOUBT * ease * eased * (1 - eased)) ** 2;
    mean = eased;
  }
  const band = question?.band ?? null;
  if (domain !== null && band !== null) narrow(recordOf(domain, band));
  return { mean, deviation: Math.sqrt(variance) };
}

/** Variance of a Beta with this mean that rests on so many questions. */
const betaVariance = (mean: number, questions: number): number =>
  (mean * (1 - mean)) / (questions + 1);

function logit(rate: number): number {
  const inside = Math.min(1 - LEAST_RATE, Math.max(LEAST_RATE, rate));
  return Math.log(inside / (1 - inside));
}

const logistic = (value: number): number => 1 / (1 + Math.exp(-value));
