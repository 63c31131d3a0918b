import type {
  Classification,
  Classifier,
  FastText,
  HeadTask,
  Reading,
  ShareKey,
  SignalSlot,
  Understanding,
  Workload,
} from '../../contract/index.ts';
import { andThen } from '../../kernel/index.ts';
import { NO_TEXT, readingOfClasses } from './class-reading.ts';
import type { DeepText } from './request-texts.ts';

/** A signal that one classifier makes of the last user text. */
export interface HeadSignalOptions {
  readonly kind: string;
  readonly task: Exclude<HeadTask, 'output-length' | 'attack'>;
  readonly description: string;
  readonly fastText: ShareKey<FastText>;
  readonly deepText: ShareKey<DeepText>;
  /** A reading that stands where the request cannot be classified; null: read on. */
  readonly precondition?: (workload: Workload) => Reading | null;
}

/** What a classification is as a reading. */
export type ReadingOf = (found: Classification, labels: readonly string[]) => Reading;

/** Reads the shipped head, on the event loop. */
export function createFastSlot(
  { kind, task, fastText, precondition }: HeadSignalOptions,
  understanding: Understanding,
  readingOf: ReadingOf,
): SignalSlot {
  return {
    key: kind,
    kind,
    cost: 'text',
    scale: scaleOf(readingOf),
    readsLastTurnOnly: true,
    warm: () => understanding.fast().read('warm').classify(task),
    read(workload, shared) {
      const settled = precondition?.(workload) ?? null;
      if (settled !== null) return settled;
      const text = shared.share(fastText);
      if (text.tokenCount === 0) return NO_TEXT;
      return readingOf(text.classify(task), understanding.fast().labels(task));
    },
  };
}

/** Reads a classifier off the event loop: the deep one under a key of its own, the operator's under the kind. */
export function createDeepSlot(
  { kind, deepText, precondition }: HeadSignalOptions,
  classifier: Classifier,
  key: string,
  readingOf: ReadingOf,
): SignalSlot {
  return {
    key,
    kind,
    cost: 'model',
    scale: scaleOf(readingOf),
    readsLastTurnOnly: true,
    warm: () => classifier.classify('warm'),
    read(workload, shared) {
      const settled = precondition?.(workload) ?? null;
      if (settled !== null) return settled;
      const { text } = shared.share(deepText);
      if (text === '') return NO_TEXT;
      return andThen(classifier.classify(text), (found) => readingOf(found, classifier.labels));
    },
  };
}

const scaleOf = (readingOf: ReadingOf): 'chance' | 'chances' =>
  readingOf === readingOfClasses ? 'chances' : 'chance';
