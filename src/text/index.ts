/**
 * Text: what a text measures, and what becomes of it.
 *
 * In: byte counts and beliefs; texts and the spans found in them. Out: estimates, compressed texts,
 * redacted texts and the way back. Never: the world.
 */
export { SMALLEST_BYTES_PER_TOKEN, estimatePromptTokens } from './prompt-tokens.ts';
export { compressForSignals } from './compress.ts';
export { isTimeSensitive } from './time-words.ts';
/** For the stages that let personal data out and back in. @public */
export { Placeholders, StreamRestorer, redact, redactAll, restore } from './redaction.ts';
export type { Redacted, RedactionAction, RedactionPolicy } from './redaction.ts';
