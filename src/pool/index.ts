/**
 * Pool: the servers that can be bought from, and the way to them. Enters an instance and the bytes
 * for it; leaves its answer, pushed to a sink. Also tells who is up and how loaded (prober), whom to
 * leave alone for a while (breakers), and what can be found without a configuration (discovery).
 * It never chooses an instance, never retries on another one, and never keeps a request's deadline.
 */
export { createBidDesk } from './bid-client.ts';
export type { BidDeskOptions } from './bid-client.ts';
export { createBreakers } from './breakers.ts';
export type { BreakerOptions } from './breakers.ts';
export { discover } from './discover.ts';
export type { DiscoverOptions, Finding } from './discover.ts';
export { discoveredPolicyYaml } from './discovered-policy.ts';
export { ENGINES } from './engines/index.ts';
export { createProber } from './prober.ts';
export type { ProberOptions } from './prober.ts';
export { openZ3Solver } from './z3-solver.ts';
export type { OpenSolver } from './z3-solver.ts';
export { KvSubscriber } from './kv-events/kv-subscriber.ts';
export { PromptRenderer } from './kv-events/prompt-renderer.ts';
export { loadKvPackages } from './kv-events/zmq-packages.ts';
export type { KvPackages } from './kv-events/zmq-packages.ts';
export { createUpstream } from './upstream.ts';
export type { UpstreamOptions } from './upstream.ts';
export * from './models/index.ts';
export { checkGgufInstance } from './gguf/check-gguf.ts';
export { createGgufEngine } from './gguf/gguf-engine.ts';
export type { LocalModelsAt } from './gguf/gguf-engine.ts';
export { readGgufFile } from './gguf/gguf-file.ts';
export { openGgufHost } from './gguf/gguf-host.ts';
export { createKeepTeller } from './gguf/keep-teller.ts';
