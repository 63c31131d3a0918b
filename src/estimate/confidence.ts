import type {
  Beliefs,
  Confidence,
  ConfidenceKind,
  ConfidenceRecord,
  ConfidenceSeen,
  Outcome,
} from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';

/**
 * What is thought of a model's confidence before anything was seen. The values: mean log-probability of
 * an answer's tokens, its lowest, and the log-odds of "yes" when a model is asked whether it was right.
 * The slope 0.8 per deviation makes an area of about 0.70 under the ROC curve, in the middle of what is
 * published for token probabilities and self-checks (0.6 to 0.8: Kadavath et al. 2022, arXiv:2207.05221).
 */
const LEVELS: Readonly<
  Record<ConfidenceKind, { readonly mean: number; readonly deviation: number }>
> = {
  meanLogprob: { mean: -0.3, deviation: 0.2 },
  minLogprob: { mean: -2.5, deviation: 1.5 },
  selfCheck: { mean: 1, deviation: 2 },
};
/** The prior counts as so many values. */
const LEVEL_WEIGHT = 8;
const LEVEL_HALF_LIFE = 512;
export const SLOPE = { mean: 0.8, deviation: 0.4 } as const;
/** Of the next model: a question that one model doubts is often hard for the other one too. */
export const FOLLOWING_SLOPE = { mean: 0.3, deviation: 0.3 } as const;
const OFFSET_DEVIATION = 0.5;
/** After each verdict the variances go this share of the way back to those of the prior: what was fitted fades. */
const FADING = 1 / 4096;
const DEVIATIONS_MAX = 3;
const PROBABILITY_MIN = 0.001;

/** The table's key for a model's own answers. */
export const confidenceKey = (model: ModelId, kind: ConfidenceKind): string => `${model}|${kind}`;
/** The same for the answers of the model `next` to what `model` had answered before. */
export const followingKey = (model: ModelId, kind: ConfidenceKind, next: ModelId): string =>
  `${model}|${kind}>${next}`;

const isFollowing = (key: string): boolean => key.includes('>');
const kindOf = (key: string): ConfidenceKind => {
  const kind = key.slice(key.lastIndexOf('|') + 1).split('>', 1)[0];
  return kind === 'minLogprob' || kind === 'selfCheck' ? kind : 'meanLogprob';
};

export function priorConfidence(key: string): ConfidenceRecord {
  const { mean, deviation } = LEVELS[kindOf(key)];
  const slope = isFollowing(key) ? FOLLOWING_SLOPE : SLOPE;
  return {
    mean,
    variance: deviation ** 2,
    weight: LEVEL_WEIGHT,
    offset: 0,
    slope: slope.mean,
    covariance: [OFFSET_DEVIATION ** 2, 0, slope.deviation ** 2],
    verdicts: 0,
  };
}

/** A value in deviations from the mean of its model. */
export function standardized(record: ConfidenceRecord, value: number): number {
  const z = (value - record.mean) / Math.sqrt(Math.max(record.variance, 1e-9));
  return Math.min(DEVIATIONS_MAX, Math.max(-DEVIATIONS_MAX, Number.isFinite(z) ? z : 0));
}

/** `σ(logit(believed) + offset + slope·z)`: never falls as the confidence rises. */
export function probabilityAt(record: ConfidenceRecord, z: number, believed: number): number {
  return sigmoid(logit(believed) + record.offset + Math.max(0, record.slope) * z);
}

/** P(correct) of an answer, given how sure its model was. */
export function believedOf(
  beliefs: Pick<Beliefs, 'confidence'>,
  model: ModelId,
  { kind, value, believed }: Confidence,
): number {
  const key = confidenceKey(model, kind);
  const record = beliefs.confidence.get(key) ?? priorConfidence(key);
  return probabilityAt(record, standardized(record, value), believed);
}

/** P(correct) of what `next` would answer, of which `believed` was thought, after `model` was so sure. */
export function believedOfNext(
  beliefs: Pick<Beliefs, 'confidence'>,
  model: ModelId,
  confidence: Confidence,
  next: { readonly model: ModelId; readonly believed: number },
): number {
  const { kind, value } = confidence;
  const level = confidenceKey(model, kind);
  const key = followingKey(model, kind, next.model);
  const z = standardized(beliefs.confidence.get(level) ?? priorConfidence(level), value);
  return probabilityAt(beliefs.confidence.get(key) ?? priorConfidence(key), z, next.believed);
}

/** Counts a value that was seen: where a model's confidence usually lies. */
export function observeConfidence(record: ConfidenceRecord, value: number): ConfidenceRecord {
  if (!Number.isFinite(value)) return record;
  const kept = record.weight * 2 ** (-1 / LEVEL_HALF_LIFE);
  const weight = kept + 1;
  const before = value - record.mean;
  const mean = record.mean + before / weight;
  const variance = (kept * record.variance + before * (value - mean)) / weight;
  return { ...record, mean, variance, weight };
}

/**
 * One step of an online logistic regression with a normal posterior (the extended Kalman filter's update
 * of a binary outcome): with `φ = (1, z)`, `p` the prediction, `r` how reliable the verdict is,
 * `P ← P − P φ φᵀ P · r·p(1−p) / (1 + r·p(1−p)·φᵀPφ)` and `θ ← θ + P φ · r·(score − p)`.
 */
export function learnConfidence(
  record: ConfidenceRecord,
  z: number,
  seen: { readonly believed: number; readonly score: number; readonly reliability: number },
  prior: ConfidenceRecord,
): ConfidenceRecord {
  const p = probabilityAt(record, z, seen.believed);
  const information = seen.reliability * p * (1 - p);
  const [v, c, w] = record.covariance;
  const a = v + c * z;
  const b = c + w * z;
  const gain = information / (1 + information * (a + b * z));
  const next = [v - gain * a * a, c - gain * a * b, w - gain * b * b] as const;
  const surprise = seen.reliability * (seen.score - p);
  return {
    ...record,
    offset: record.offset + (next[0] + next[1] * z) * surprise,
    slope: Math.max(0, record.slope + (next[1] + next[2] * z) * surprise),
    covariance: [
      next[0] + FADING * (prior.covariance[0] - next[0]),
      next[1] * (1 - FADING),
      next[2] + FADING * (prior.covariance[2] - next[2]),
    ],
    verdicts: record.verdicts + 1,
  };
}

/** What a verdict on the outcome's answer teaches of confidence: nothing where no step was checked. */
export function confidencesOf({ attempts, model }: Pick<Outcome, 'attempts' | 'model'>): {
  readonly confidence?: readonly ConfidenceSeen[];
} {
  const last = attempts.at(-1)?.share;
  if (last === undefined || model === null || last.model !== model) return {};
  const confidence: ConfidenceSeen[] = [];
  for (const { share } of attempts) {
    if (share === undefined || share.confidence === null) continue;
    const { kind, value } = share.confidence;
    const level = confidenceKey(share.model, kind);
    const isOwn = share === last;
    const key = isOwn ? level : followingKey(share.model, kind, model);
    const believed = (isOwn ? share : last).confidence?.believed;
    if (believed !== undefined) confidence.push({ key, level, value, believed });
  }
  return confidence.length === 0 ? {} : { confidence };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function logit(probability: number): number {
  const p = Math.min(1 - PROBABILITY_MIN, Math.max(PROBABILITY_MIN, probability));
  return Math.log(p / (1 - p));
}

/** Whether a record that was stored can be worked with. */
export function isConfidenceRecord(value: ConfidenceRecord): boolean {
  const { mean, variance, weight, offset, slope, covariance, verdicts } = value;
  const numbers = [mean, variance, weight, offset, slope, verdicts, ...(covariance ?? [])];
  if (!Array.isArray(covariance) || covariance.length !== 3) return false;
  if (!numbers.every((each) => typeof each === 'number' && Number.isFinite(each))) return false;
  return variance >= 0 && weight >= 0 && slope >= 0 && verdicts >= 0 && covariance[0] >= 0;
}
