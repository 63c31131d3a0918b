/**
 * Text: what a text measures, from its bytes alone.
 *
 * In: byte counts and beliefs. Out: estimates. Never: reads the text, or the world.
 */
export { SMALLEST_BYTES_PER_TOKEN, estimatePromptTokens } from './prompt-tokens.ts';
export { compressForSignals } from './compress.ts';
export { Placeholders, StreamRestorer, redact, redactAll, restore } from './redaction.ts';
export type { Redacted, RedactionAction, RedactionPolicy } from './redaction.ts';
