/**
 * What speaks for an answer. Cosines are relative to how tight the intents are in their space, so that
 * one calibration serves all encoders.
 */
export interface IntentEvidence {
  /** Of the nearest intent, by the regression. */
  readonly probability: number;
  /** Cosine with the most similar example of that intent, and the mean with the three most similar. */
  readonly nearest: number;
  readonly near: number;
  /** Cosine with the centroid of that intent; and how far that is above the next intent's centroid. */
  readonly centroid: number;
  readonly lead: number;
  /** Examples of that intent, and intents in all. */
  readonly examples: number;
  readonly classes: number;
}

/** Weights of a logistic regression, in the order of `featuresOf`; the last is the constant. */
const CONFIDENCE_WEIGHTS = [0.5567, 1.1037, 0.8217, -1.5904, 10.6265, -0.0498, 0.2374, -0.688];
const SCOPE_WEIGHTS = [-0.173, -2.1964, -7.2175, 19.9278, 1.7484, 0.5557, -0.1269, -7.7324];

/** `python training/intent.py` fits the weights and prints them; `models/intent.md` has the scores. */
export function calibrate(evidence: IntentEvidence): { confidence: number; inScope: number } {
  const features = featuresOf(evidence);
  return {
    confidence: logistic(features, CONFIDENCE_WEIGHTS),
    inScope: logistic(features, SCOPE_WEIGHTS),
  };
}

const PROBABILITY_MARGIN = 1e-4;

function featuresOf(evidence: IntentEvidence): readonly number[] {
  const p = Math.min(1 - PROBABILITY_MARGIN, Math.max(PROBABILITY_MARGIN, evidence.probability));
  return [
    Math.log(p / (1 - p)),
    evidence.nearest,
    evidence.near,
    evidence.centroid,
    evidence.lead,
    Math.log(evidence.examples),
    Math.log(evidence.classes),
    1,
  ];
}

function logistic(features: readonly number[], weights: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < features.length; i++) sum += features[i]! * weights[i]!;
  return 1 / (1 + Math.exp(-sum));
}
