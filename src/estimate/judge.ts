import type { AccuracyLearningConfig, Beliefs } from '../contract/index.ts';
import { faded, NO_RECORD } from './accuracy.ts';

/** Comparisons with others that weigh as much as what the policy says of judges. */
const PRIOR_COMPARISONS = 20;
/** A judge that is no better than a coin is heard a little, so that it can be found to have mended. */
const LEAST_RELIABILITY = 0.02;

/** Who is right in a share ρ of cases, and tosses a coin in the others, is right with (1 + ρ)/2. */
export const rightnessOf = (reliability: number): number => (1 + reliability) / 2;

/** How much of a certain verdict one of the judge counts, 0–1: `2c − 1` for P(right) = c. */
export function judgeReliability(
  judge: string,
  { judges }: Pick<Beliefs, 'judges'>,
  { reliability, halfLifeMs }: Pick<AccuracyLearningConfig, 'reliability' | 'halfLifeMs'>,
  nowMs: number,
): number {
  const record = faded(judges.get(judge) ?? NO_RECORD, nowMs, halfLifeMs);
  const { right, wrong } = record;
  const prior = PRIOR_COMPARISONS * rightnessOf(reliability.judge);
  const rightness = (prior + right) / (PRIOR_COMPARISONS + right + wrong);
  return Math.max(LEAST_RELIABILITY, 2 * rightness - 1);
}
