import type { Beliefs, Estimate } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { lengthKey } from '../contract/index.ts';
import { expectedMean, expectedVariance } from './running.ts';

/** Before anything was observed of any model: an answer of a page, give or take a page. */
const OUTPUT_PRIOR: Estimate = { mean: 250, deviation: 250 };

/**
 * Tokens of one answer where nothing caps it: by model and archetype, else by archetype, else over
 * all, else the prior.
 */
export function expectedOutputTokens(
  model: ModelId,
  archetype: string,
  beliefs: Beliefs,
): Estimate {
  const { outputTokens } = beliefs;
  const observed =
    outputTokens.get(lengthKey(model, archetype)) ??
    outputTokens.get(lengthKey('*', archetype)) ??
    outputTokens.get('*|*') ??
    null;
  return {
    mean: expectedMean(observed, OUTPUT_PRIOR),
    deviation: Math.sqrt(expectedVariance(observed, OUTPUT_PRIOR)),
  };
}

/**
 * The same under a ceiling. A quantity that lies in [0, c] deviates by c/2 at most (Popoviciu's
 * inequality).
 */
export function underCeiling(expected: Estimate, ceilingTokens: number): Estimate {
  if (ceilingTokens >= expected.mean + 3 * expected.deviation) return expected;
  const ceiling = Math.max(0, ceilingTokens);
  return {
    mean: Math.min(expected.mean, ceiling),
    deviation: Math.min(expected.deviation, ceiling / 2),
  };
}
