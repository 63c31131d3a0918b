import type {
  Classifier,
  CompiledCondition,
  FastText,
  HeadTask,
  ShareKey,
  Signal,
  SignalSlot,
  Understanding,
} from '../../contract/index.ts';
import { andThen } from '../../kernel/index.ts';
import { NO_TEXT, readingOfProbability } from './class-reading.ts';
import {
  compileProbabilityCondition,
  probabilityConditionSchema,
} from './probability-condition.ts';
import type { DeepText } from './request-texts.ts';

export interface ProbabilitySignalOptions {
  readonly kind: string;
  readonly task: Exclude<HeadTask, 'output-length' | 'attack'>;
  readonly description: string;
  readonly fastText: ShareKey<FastText>;
  readonly deepText: ShareKey<DeepText>;
}

/** A signal whose value is a probability, read of the gist of the last user text. */
export function createProbabilitySignal(
  options: ProbabilitySignalOptions,
  understanding: Understanding,
): Signal {
  const { kind, task, description, fastText } = options;
  const own = understanding.own.classifiers.get(task);
  const fastSlot: SignalSlot = {
    key: kind,
    kind,
    cost: 'text',
    readsLastTurnOnly: true,
    warm: () => understanding.fast().read('warm').classify(task),
    read(_workload, shared) {
      const text = shared.share(fastText);
      return text.tokenCount === 0 ? NO_TEXT : readingOfProbability(text.classify(task));
    },
  };
  return {
    apiVersion: 1,
    kind,
    definitionSchema: null,
    conditionSchema: probabilityConditionSchema(description),
    valueSlot: () => (own === undefined ? fastSlot : createDeepSlot(options, own, kind)),
    compile(value): CompiledCondition {
      if (own !== undefined) {
        const threshold = own.threshold ?? 0.5;
        const { test, text } = compileProbabilityCondition(kind, value, { threshold, band: null });
        return { slot: createDeepSlot(options, own, kind), test, text };
      }
      const fast = understanding.fast();
      const scale = { threshold: fast.threshold(task) ?? 0.5, band: fast.band(task) };
      const { test, text, isDoubtful } = compileProbabilityCondition(kind, value, scale);
      const deep = understanding.deep()?.classifiers.get(task);
      if (deep === undefined || scale.band === null) return { slot: fastSlot, test, text };
      const slot = createDeepSlot(options, deep, `${kind}.deep`);
      return { slot: fastSlot, test, text, deep: { slot, isDoubtful } };
    },
  };
}

function createDeepSlot(
  { kind, deepText }: ProbabilitySignalOptions,
  classifier: Classifier,
  key: string,
): SignalSlot {
  return {
    key,
    kind,
    cost: 'model',
    readsLastTurnOnly: true,
    warm: () => classifier.classify('warm'),
    read(_workload, shared) {
      const { text } = shared.share(deepText);
      if (text === '') return NO_TEXT;
      return andThen(classifier.classify(text), readingOfProbability);
    },
  };
}
