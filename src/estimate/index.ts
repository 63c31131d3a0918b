/**
 * Estimate: the formulas. What enters: measurements, beliefs, prices. What leaves: estimates and new
 * beliefs. Pure; shared by market, learning, attempts and simulate, so that no rule exists twice.
 */
export {
  accuracyPosterior,
  bandOf,
  contextPrior,
  countVerdict,
  DIFFICULTY_SLOPE,
  easeOf,
  EXAM_DIFFICULTY,
  faded,
  isAccuracyRecord,
  NO_RECORD,
  priorAccuracy,
} from './accuracy.ts';
export type { Forgetting, Question } from './accuracy.ts';
export {
  LENGTH_BINS,
  lengthQuantile,
  lengthsOf,
  logEstimateOf,
  observeLengths,
} from './answer-length.ts';
export type { ObservedLength } from './answer-length.ts';
export { accuracyOf, bidsByModel, priceOf, stepsOf, worthOf } from './cascade.ts';
export type { Escalation, StepBids } from './cascade.ts';
export { chargePicoUsd, dearestRates, PICO_PER_USD, ratesFor } from './charge.ts';
export {
  believedOf,
  believedOfNext,
  confidenceKey,
  confidencesOf,
  followingKey,
  isConfidenceRecord,
  learnConfidence,
  observeConfidence,
  priorConfidence,
  standardized,
} from './confidence.ts';
export {
  accuracyInContext,
  contextAt,
  isContextRecord,
  learnInContext,
  logitOf,
} from './context.ts';
export { contextOf, packContext, unpackContext } from './packed-context.ts';
export type { UnpackedContext } from './packed-context.ts';
export { crowdingMs, PressureGauge } from './crowding.ts';
export { decodeJoules, powerWatts, prefillJoules, requestEnergyJoules } from './energy.ts';
export { judgeReliability, rightnessOf } from './judge.ts';
export { chanceOfLeast, drawLeast, flooredNormals } from './least-of-normals.ts';
export type { Normals } from './least-of-normals.ts';
export { loadPrice } from './load-price.ts';
export { expectedOverrun, normalCdf, normalQuantile } from './normal.ts';
export { expectedOutputTokens, underCeiling } from './output-length.ts';
export { occupancy, polledOf } from './queue.ts';
export type { OwnLoad } from './queue.ts';
export { paceAt, paceFollowing, shadowPrice, UNPACED } from './pacing.ts';
export type { SpendingPace } from './pacing.ts';
export { GOOD_REPUTATION, inflationAt, observeMiss, observePromise } from './reputation.ts';
export { PROMISED_JOULES_MIN, PROMISED_MS_MIN } from './reputation.ts';
export { reputationAt, retriesOf } from './reputation.ts';
export type { Promised } from './reputation.ts';
export { observe } from './running.ts';
export { COLD_TIMING, isLineOfFirstToken, isLineOfToken, observeRequest, Pace } from './timing.ts';
export type { Situation, TimedRequest } from './timing.ts';
