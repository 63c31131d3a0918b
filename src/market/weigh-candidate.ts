import { isRefusal } from '../contract/index.ts';
import type { Award, CacheCandidate, Mandate, Refusal, StoredHit } from '../contract/index.ts';

/** What stands for an accuracy that nobody knows: a coin flip, as for a bid. */
const UNKNOWN_ACCURACY = 0.5;

/** P(correct) of a stored answer: it must be the one to this question, and its model must have been right. */
export function candidateAccuracy({ hit, wrong }: CacheCandidate): number {
  return (1 - wrong) * (hit.entry.answer.accuracy ?? UNKNOWN_ACCURACY);
}

/**
 * A stored answer against the winner of the auction. It costs nothing and comes at once: its score is
 * what its errors cost, `usdPerError · (1 − accuracy)`. Where no instance may serve, it stands alone.
 * Beyond its route's error bound, or where this request checks it, it never wins.
 */
export function weighCandidate(
  candidate: CacheCandidate,
  result: Award | Refusal,
  { objective, limits }: Pick<Mandate, 'objective' | 'limits'>,
): StoredHit | null {
  if (candidate.choice !== 'serve') return null;
  const accuracy = candidateAccuracy(candidate);
  if (limits.minAccuracy !== null && accuracy < limits.minAccuracy) return null;
  if (isRefusal(result)) return result.reason === 'no-eligible-model' ? candidate.hit : null;
  const best = result.ranked[0];
  if (best === undefined || result.hold !== undefined) return null;
  const score = objective.usdPerError * (1 - accuracy);
  return score <= best.score ? candidate.hit : null;
}
