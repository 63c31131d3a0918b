import type { Estimate, Model } from '../contract/index.ts';

/** The operator's figure counts as if it had been measured on this many questions. */
const PRIOR_QUESTIONS = 400;

/** P(correct) with the deviation of a Beta posterior, `√(p(1 − p)/(n + 1))`; null where nobody has said. */
export function accuracyOf(model: Model): Estimate | null {
  const p = model.accuracy.default;
  if (p === null) return null;
  return { mean: p, deviation: Math.sqrt((p * (1 - p)) / (PRIOR_QUESTIONS + 1)) };
}
