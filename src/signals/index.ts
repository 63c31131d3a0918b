/**
 * Signals: what can be told of a request.
 * Enters: the values of conditions and definitions, and the models, at load; a workload, per request.
 * Leaves: compiled conditions, and a reader that computes each signal at most once, when asked.
 * Never: I/O, a clock of its own, or a reading that holds the client's text.
 */
import type { Signal } from '../contract/index.ts';
import { contextTokensSignal } from './context-tokens/index.ts';
import { conversationSignal } from './conversation/index.ts';
import { keywordSignal } from './keyword/index.ts';
import { languageSignal } from './language/index.ts';
import { metadataSignal } from './metadata/index.ts';
import { modalitySignal } from './modality/index.ts';
import { roleSignal } from './role/index.ts';
import { structureSignal } from './structure/index.ts';
import { timeSensitiveSignal } from './time-sensitive/index.ts';
import { timeSignal } from './time/index.ts';

/** Those that need no model. */
export const BUILT_IN_SIGNALS: readonly Signal[] = [
  keywordSignal,
  contextTokensSignal,
  structureSignal,
  conversationSignal,
  languageSignal,
  roleSignal,
  metadataSignal,
  modalitySignal,
  timeSignal,
  timeSensitiveSignal,
];

export { openSignals } from './open-signals.ts';
export { createContextReader, SHIPPED_SPACE } from './request-context.ts';
export { createTopicReader } from './topic.ts';
export type { TopicReader } from './topic.ts';
export { createUnderstandingSignals, deepGistOf, gistOf } from './understanding/index.ts';
export { createTextReading } from './text-reading.ts';
