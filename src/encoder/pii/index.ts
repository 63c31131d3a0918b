/**
 * Personal data in text. In: a text and the bytes of a model file. Out: spans with types and
 * calibrated confidence. Never: reads a file, keeps a text, asks another machine.
 */
export { canonicalPiiType } from './types.ts';
export { createPiiTagger } from './tagger.ts';
export type { PiiTagger, TagWork } from './tagger.ts';
export { scoreSpans } from './score.ts';
export type { ScoredSpan, ScoredText, SpanCounts, SpanMatch, SpanScores } from './score.ts';
