/**
 * Text: what a text measures, from its bytes alone.
 *
 * In: byte counts and beliefs. Out: estimates. Never: reads the text, or the world.
 */
export { SMALLEST_BYTES_PER_TOKEN, estimatePromptTokens } from './prompt-tokens.ts';
