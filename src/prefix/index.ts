/**
 * Prefix: which instance holds which beginning of a prompt in its KV memory. In: the bytes of
 * prompts, where they were sent, and what engines reported of their caches. Out: the share of a prompt
 * that an instance is expected to have cached. Never: I/O, a clock, the text itself beyond one request.
 */
export { PrefixMemory } from './prefix-memory.ts';
export type { PendingPrefix } from './prefix-memory.ts';
export { SessionMemory } from './session-memory.ts';
/** For engines that publish their KV memory and render prompts. @public */
export { KvSequence, readKvBatch } from './kv-events.ts';
export type { KvBatch, KvEvent } from './kv-events.ts';
/** The same, addressed by token ids. @public */
export { TokenIndex } from './token-index.ts';
export type { RenderedPrompt, TokenMatch } from './token-index.ts';
