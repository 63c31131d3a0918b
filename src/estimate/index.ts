/**
 * Estimate: the formulas. What enters: measurements, beliefs, prices. What leaves: estimates and new
 * beliefs. Pure; shared by market, learning, attempts and simulate, so that no rule exists twice.
 */
export {
  accuracyPosterior,
  bandOf,
  countVerdict,
  faded,
  isAccuracyRecord,
  NO_RECORD,
  priorAccuracy,
} from './accuracy.ts';
export type { Forgetting } from './accuracy.ts';
export {
  LENGTH_BINS,
  lengthQuantile,
  lengthsOf,
  logEstimateOf,
  observeLength,
} from './answer-length.ts';
export { chargePicoUsd, PICO_PER_USD } from './charge.ts';
export { decodeJoules, powerWatts, prefillJoules, requestEnergyJoules } from './energy.ts';
export { loadPrice } from './load-price.ts';
export { expectedOverrun, normalCdf, normalQuantile } from './normal.ts';
export { expectedOutputTokens, underCeiling } from './output-length.ts';
export { occupancy, polledOf } from './queue.ts';
export type { OwnLoad } from './queue.ts';
export { paceAt, paceFollowing, shadowPrice, UNPACED } from './pacing.ts';
export type { SpendingPace } from './pacing.ts';
export { GOOD_REPUTATION, inflationAt, observePromise } from './reputation.ts';
export { observe } from './running.ts';
export { COLD_TIMING, isLineOfFirstToken, isLineOfToken, observeRequest, Pace } from './timing.ts';
export type { Situation, TimedRequest } from './timing.ts';
