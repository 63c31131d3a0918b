/**
 * Prefix: which instance holds which beginning of a prompt in its KV memory. In: the bytes of
 * prompts, where they were sent, and what engines reported of their caches. Out: the share of a prompt
 * that an instance is expected to have cached. Never: I/O, a clock, the text itself beyond one request.
 */
export { PrefixMemory } from './prefix-memory.ts';
export type { PendingPrefix } from './prefix-memory.ts';
export { SessionMemory } from './session-memory.ts';
export type { RanksByInstance } from './prefix-memory.ts';
export { KvMemory } from './kv-memory.ts';
export type { RenderedPrompt } from './token-hash.ts';
