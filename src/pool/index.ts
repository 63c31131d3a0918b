/**
 * Pool: the servers that can be bought from, and the way to them. Enters an instance and the bytes
 * for it; leaves its answer, pushed to a sink. Also tells who is up and how loaded (prober), whom to
 * leave alone for a while (breakers), and what can be found without a configuration (discovery).
 * It never chooses an instance, never retries on another one, and never keeps a request's deadline.
 */
export { createBreakers } from './breakers.ts';
export type { BreakerOptions } from './breakers.ts';
export { discover } from './discover.ts';
export type { DiscoverOptions, Finding } from './discover.ts';
export { discoveredPolicyYaml } from './discovered-policy.ts';
export { ENGINES } from './engines.ts';
export { createProber } from './prober.ts';
export type { ProberOptions } from './prober.ts';
export { openZ3Solver } from './z3-solver.ts';
export type { OpenSolver } from './z3-solver.ts';
export { createUpstream } from './upstream.ts';
export type { UpstreamOptions } from './upstream.ts';
export * from './models/index.ts';
