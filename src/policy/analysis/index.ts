/**
 * Analysis: what in a sound policy cannot be meant.
 * Enters: a compiled policy, a solver, and a way to read requests. Leaves: findings with their places and
 * a request that shows each. Never: I/O, or a finding about what the solver could not decide.
 */
export { analysePolicy } from './analyse.ts';
export type { AnalysisPorts, OpenRequest } from './ports.ts';
export { createSearchSolver } from './solve/search.ts';
export type { PolicySubject } from './subject.ts';
