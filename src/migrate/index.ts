/**
 * Migrate: configurations of other gateways as policies.
 * Enters: the text of a foreign configuration. Leaves: the text of a policy, and a list of every part
 * of the foreign file that is not in it, or not with the same meaning, each with its line and reason.
 * Never: I/O, a look at the environment, code of the foreign file run, or a part of it lost in silence.
 */
export { ForeignProblem } from './foreign/foreign-problem.ts';
export type { NotCarried } from './foreign/not-carried.ts';
export type { Imported, ImportOptions } from './imported.ts';
export { importLitellm } from './litellm/index.ts';
export { importVllmSr } from './vllm-sr/index.ts';
