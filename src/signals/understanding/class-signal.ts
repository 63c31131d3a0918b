import type {
  CompiledCondition,
  FastText,
  HeadTask,
  Reading,
  ShareKey,
  Signal,
  SignalSlot,
  Understanding,
} from '../../contract/index.ts';
import { andThen } from '../../kernel/index.ts';
import { classConditionSchema, compileClassCondition } from './class-condition.ts';
import { NO_TEXT, readingOfClasses } from './class-reading.ts';
import type { DeepText } from './request-texts.ts';

export interface ClassSignalOptions {
  readonly kind: string;
  readonly task: Exclude<HeadTask, 'output-length'>;
  readonly description: string;
  readonly fastText: ShareKey<FastText>;
  readonly deepText: ShareKey<DeepText>;
  /** A reading that stands where the request cannot be classified; null: read on. */
  readonly precondition?: (workload: Parameters<SignalSlot['read']>[0]) => Reading | null;
}

/**
 * A signal whose value is one of several exclusive classes: by the fast head, and by the deep one
 * where the fast one is in doubt; by the operator's own classifier alone where there is one.
 */
export function createClassSignal(
  options: ClassSignalOptions,
  understanding: Understanding,
): Signal {
  const { kind, task, description } = options;
  const own = understanding.own.classifiers.get(task);
  const fastSlot = createFastSlot(options, understanding);
  return {
    apiVersion: 1,
    kind,
    definitionSchema: null,
    conditionSchema: classConditionSchema(description),
    valueSlot: () => (own === undefined ? fastSlot : createDeepSlot(options, own, kind)),
    compile(value): CompiledCondition {
      const labels = own?.labels ?? understanding.fast().labels(task);
      const condition = compileClassCondition(kind, value, labels);
      const { text, test } = condition;
      if (own !== undefined) return { slot: createDeepSlot(options, own, kind), test, text };
      const deep = understanding.deep()?.classifiers.get(task);
      const band = understanding.fast().band(task);
      if (deep === undefined || band === null) return { slot: fastSlot, test, text };
      return {
        slot: fastSlot,
        test,
        text,
        deep: {
          slot: createDeepSlot(options, deep, `${kind}.deep`),
          isDoubtful: (reading) => reading.confidence <= band[1] && condition.isOpen(reading),
        },
      };
    },
  };
}

function createFastSlot(options: ClassSignalOptions, understanding: Understanding): SignalSlot {
  const { kind, task, fastText, precondition } = options;
  return {
    key: kind,
    kind,
    cost: 'text',
    readsLastTurnOnly: true,
    warm: () => understanding.fast().read('warm').classify(task),
    read(workload, shared) {
      const settled = precondition?.(workload) ?? null;
      if (settled !== null) return settled;
      const text = shared.share(fastText);
      if (text.tokenCount === 0) return NO_TEXT;
      return readingOfClasses(text.classify(task), understanding.fast().labels(task));
    },
  };
}

function createDeepSlot(
  { kind, deepText, precondition }: ClassSignalOptions,
  classifier: NonNullable<ReturnType<Understanding['own']['classifiers']['get']>>,
  key: string,
): SignalSlot {
  return {
    key,
    kind,
    cost: 'model',
    readsLastTurnOnly: true,
    warm: () => classifier.classify('warm'),
    read(workload, shared) {
      const settled = precondition?.(workload) ?? null;
      if (settled !== null) return settled;
      const { text } = shared.share(deepText);
      if (text === '') return NO_TEXT;
      return andThen(classifier.classify(text), (found) =>
        readingOfClasses(found, classifier.labels),
      );
    },
  };
}
