import { isRefusal } from '../contract/index.ts';
import type { Award, CacheCandidate, Mandate, Refusal, StoredHit } from '../contract/index.ts';

/** What stands for an accuracy that nobody knows: a coin flip, as for a bid. */
const UNKNOWN_ACCURACY = 0.5;

/**
 * A stored answer against the winner of the auction. It costs nothing and comes at once: its score is
 * what its errors cost. `accuracy` is that of the model that wrote it, as it is believed by now:
 *
 * - `prefer: cache`: `usdPerError · (1 − accuracy)`. Whether the answer is the one to this question
 *   is what the error bound answers for: an error that was allowed for is not paid a second time.
 * - `prefer: market`: `usdPerError · (1 − accuracy · (1 − P(wrong)))`.
 *
 * Where no instance may serve, it stands alone. Beyond its route's error bound, or where this request
 * checks it, it never wins; the least accuracy that a request asks for is held against both chances.
 */
export function weighCandidate(
  candidate: CacheCandidate,
  result: Award | Refusal,
  { objective, limits }: Pick<Mandate, 'objective' | 'limits'>,
): StoredHit | null {
  if (candidate.choice !== 'serve') return null;
  const { hit, wrong, prefer } = candidate;
  const written = accuracyOf(hit, result);
  const accuracy = written * (1 - wrong);
  if (limits.minAccuracy !== null && accuracy < limits.minAccuracy) return null;
  if (isRefusal(result)) return result.reason === 'no-eligible-model' ? hit : null;
  const best = result.ranked[0];
  if (best === undefined || result.hold !== undefined) return null;
  const score = objective.usdPerError * (1 - (prefer === 'market' ? accuracy : written));
  return score <= best.score ? hit : null;
}

/** By the bid of the model that wrote the answer; where it makes none, what was believed when it was written. */
function accuracyOf({ entry }: StoredHit, result: Award | Refusal): number {
  const { model, accuracy } = entry.answer;
  if (!isRefusal(result)) {
    for (const bid of result.ranked) {
      if (bid.instance.model.id === model && bid.accuracy !== null) return bid.accuracy.mean;
    }
  }
  return accuracy ?? UNKNOWN_ACCURACY;
}
