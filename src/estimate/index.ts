/** Estimate: the formulas. Pure; shared by market, learning, attempts and simulate, so that no rule exists twice. */
export { chargePicoUsd, PICO_PER_USD } from './charge.ts';
export { powerWatts, requestEnergyJoules } from './energy.ts';
