/**
 * Match: whether the answer to one question is the answer to another. Enters: texts, their vectors,
 * and what comparisons of answers came to. Leaves: how likely it is, and whether an error bound
 * allows it. Never: I/O, a clock, or randomness that it was not handed.
 */
export { compareAnswers } from './compare-answers.ts';
export { Matcher } from './matcher.ts';
export type { MatcherPrior } from './matcher.ts';
export { SHIPPED_PRIOR } from './shipped-prior.ts';
export { hashOf } from './hash.ts';
export { pairQuestions } from './pair.ts';
export type { QuestionPair } from './pair.ts';
export { readPhrase } from './phrase.ts';
export type { Phrase, WordMeanings } from './phrase.ts';
export { RiskControl } from './risk-control.ts';
export type { CacheChoice } from './risk-control.ts';
export { VectorIndex } from './vector-index.ts';
export { createWordMeanings } from './word-meanings.ts';
