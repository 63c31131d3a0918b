/** Neighbours: what a text is like, told by examples and not by a trained head. */
export { INTENT_OPTIONS, createIntentIndex } from './intent-index.ts';
export type { IntentAnswer, IntentExample, IntentIndex, IntentOptions } from './intent-index.ts';
export { findRepeatedTurn } from './repeated-turn.ts';
export type { RepeatedTurn } from './repeated-turn.ts';
export { createSimilaritySet } from './similarity-set.ts';
export type { SimilaritySet } from './similarity-set.ts';
export { createToolIndex, toolText } from './tool-index.ts';
export type { DescribedTool, ToolIndex } from './tool-index.ts';
