import type { Classification } from '../contract/index.ts';
import { confidenceOf, probabilitiesOf, probabilityOf } from './calibration.ts';
import type { Calibration } from './calibration.ts';

/** How logits are read: a softmax over all labels, or a sigmoid for the second of two. */
export interface Reading {
  readonly output: string;
  readonly labels: readonly string[];
  readonly calibration: Calibration;
  readonly threshold: number | null;
  readonly band: readonly [number, number] | null;
}

export function classificationOf(reading: Reading, logits: ArrayLike<number>): Classification {
  return reading.output === 'sigmoid'
    ? ofTwo(reading, probabilityOf(reading.calibration, logits[0]!))
    : ofMany(reading, logits);
}

function ofMany(reading: Reading, logits: ArrayLike<number>): Classification {
  const { labels, calibration, threshold, band } = reading;
  const probabilities = probabilitiesOf(calibration, logits);
  if (threshold !== null && labels.length === 2) return ofTwo(reading, probabilities[1]!);
  let best = 0;
  for (let i = 1; i < probabilities.length; i++) {
    if (probabilities[i]! > probabilities[best]!) best = i;
  }
  const confidence = confidenceOf(calibration, probabilities[best]!);
  return {
    label: labels[best]!,
    confidence,
    probabilities,
    isDoubtful: isWithin(band, confidence),
  };
}

/** The second label is said from the threshold on. */
function ofTwo({ labels, threshold, band }: Reading, probability: number): Classification {
  const isSecond = probability >= (threshold ?? 0.5);
  return {
    label: labels[isSecond ? 1 : 0]!,
    confidence: isSecond ? probability : 1 - probability,
    probabilities: [1 - probability, probability],
    isDoubtful: isWithin(band, probability),
  };
}

const isWithin = (band: readonly [number, number] | null, value: number): boolean =>
  band !== null && value >= band[0] && value <= band[1];
