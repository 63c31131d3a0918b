import type { MatcherPrior } from './matcher.ts';
import { PAIR_FEATURES } from './pair-features.ts';

/** Written by training/cache-verifier.ts: log-odds by feature. models/cache-verifier.md says what they were learned from. */
const WEIGHTS: Readonly<Record<(typeof PAIR_FEATURES)[number], number>> = {
  bias: -4.29,
  cosine: 6.873,
  cosineHigh: 1.221,
  cosineHigher: 0.0,
  wordOverlap: 0.0,
  stemOverlap: -3.255,
  trigramOverlap: 0.0,
  contentMissedMost: 0.0,
  contentMissedLeast: 0.0,
  contentMissedBoth: -0.899,
  heaviestMissed: 0.0,
  alignedWorst: 0.0,
  alignedMean: 0.0,
  remainderCosine: 0.0,
  isOneRemainderEmpty: 0.0,
  isNothingMissed: 1.997,
  substituted: 0.0,
  numbersDiffer: -1.324,
  numbersMissing: -0.333,
  namesDiffer: 0.0,
  namesMissing: -3.514,
  negationDiffers: -2.396,
  questionDiffers: -0.511,
  questionMissing: 0.0,
  opposed: -3.012,
  rivalled: -2.362,
  orderDiffers: 0.0,
  orderSwapped: -2.634,
  lengthDiffers: 0.0,
  isShort: 0.0,
  isLong: 0.0,
  isSameText: 0.0,
  cosineTimesOverlap: 0.0,
  firstWordSame: 0.0,
  lastWordSame: 0.0,
  missedCountMost: 0.0,
  missedCountLeast: 0.0,
};

/** What every matcher begins with. */
export const SHIPPED_PRIOR: MatcherPrior = {
  weights: Float64Array.from(PAIR_FEATURES, (name) => WEIGHTS[name]),
  seen: 1,
};
