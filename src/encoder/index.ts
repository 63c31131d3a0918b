/**
 * Encoder: models that understand text, from their bytes to an answer. Enters a file's bytes, then
 * texts; leaves tokens, vectors, classifications and spans. Never reads a file, a clock or the
 * network: whoever has them hands in bytes, or a session that runs a graph.
 */
export { createFastModels } from './fast-models.ts';
export type { ModelFiles, ShippedModels } from './fast-models.ts';
export { alignTokens } from './deep/align-tokens.ts';
export { deepSchema } from './deep/deep-metadata.ts';
export type { DeepHead, DeepMetadata, DeepSentence } from './deep/deep-metadata.ts';
export { DeepReader } from './deep/deep-reader.ts';
export { typeOfTag } from './deep/tag-spans.ts';
export type {
  DeepTokeniser,
  DeepTokens,
  SequenceOutputs,
  TokenSession,
} from './deep/token-session.ts';
export { createWordPieceTokens } from './deep/word-piece-tokens.ts';
export { I32, V128, assemble, get, i32, int, loop, set, v128 } from './kernels/assembler.ts';
export type { Code } from './kernels/assembler.ts';
export { joinedModels } from './joint-answer.ts';
export { parseMetadata } from './model-metadata.ts';
export * from './neighbours/index.ts';
export { canonicalPiiType, scoreSpans } from './pii/index.ts';
export type { ScoredSpan } from './pii/index.ts';
export type { ReadText } from './head.ts';
export { TensorFile, modelFileFault } from './safetensors.ts';
export type { PlacedTokens } from './word-piece.ts';
