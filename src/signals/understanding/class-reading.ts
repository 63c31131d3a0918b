import type { Classification, Reading } from '../../contract/index.ts';

/** Classes less likely than this are left out of a reading. */
const LEAST_SHOWN = 0.01;

export const NO_TEXT: Reading = { value: null, confidence: 0, reason: 'there is no text' };

/**
 * A classification among several classes as a reading: each likely class with its probability. The
 * said class has the calibrated confidence, the others share what remains as they did before.
 */
export function readingOfClasses(found: Classification, labels: readonly string[]): Reading {
  const { label, confidence, probabilities } = found;
  const value: Record<string, number> = { [label]: confidence };
  const rest = 1 - (probabilities[labels.indexOf(label)] ?? 0);
  const scale = rest <= 0 ? 0 : (1 - confidence) / rest;
  for (let i = 0; i < labels.length; i++) {
    const share = probabilities[i]! * scale;
    if (labels[i] !== label && share >= LEAST_SHOWN) value[labels[i]!] = share;
  }
  return { value, confidence };
}

/** A classification as yes or no: the probability of the second label. */
export function readingOfProbability(found: Classification): Reading {
  return { value: found.probabilities[1]!, confidence: found.confidence };
}
