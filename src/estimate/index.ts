/**
 * Estimate: the formulas. What enters: measurements, beliefs, prices. What leaves: estimates and new
 * beliefs. Pure; shared by market, learning, attempts and simulate, so that no rule exists twice.
 */
export { chargePicoUsd, PICO_PER_USD } from './charge.ts';
export { decodeJoules, powerWatts, prefillJoules, requestEnergyJoules } from './energy.ts';
export { loadPrice } from './load-price.ts';
export { expectedOverrun, normalCdf, normalQuantile } from './normal.ts';
export { expectedOutputTokens, underCeiling } from './output-length.ts';
export { occupancy, waitMs, waitVariance } from './queue.ts';
export type { Occupancy } from './queue.ts';
export { GOOD_REPUTATION, inflationAt, observePromise } from './reputation.ts';
export { observe } from './running.ts';
export { COLD_TIMING, expectedServiceTime, observeRequest, paceOf } from './timing.ts';
export type { Pace, ServiceTime } from './timing.ts';
