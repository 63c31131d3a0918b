/** The library: `createBourse`, and the types of the contract. Nothing happens at import. */
export { createBourse } from './app-library.ts';
export type { Bourse, BourseOptions, BourseRequest } from './app-library.ts';
export { Fault, createSystemClock, createVirtualClock } from './kernel/index.ts';
export type { Clock, DecisionId, FaultCode, Rng, Timer } from './kernel/index.ts';
export * from './contract/index.ts';
