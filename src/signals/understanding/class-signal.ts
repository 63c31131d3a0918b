import type { CompiledCondition, Signal, Understanding } from '../../contract/index.ts';
import { classConditionSchema, compileClassCondition } from './class-condition.ts';
import { readingOfClasses } from './class-reading.ts';
import { createDeepSlot, createFastSlot } from './head-slots.ts';
import type { HeadSignalOptions } from './head-slots.ts';

/**
 * A signal whose value is one of several exclusive classes: by the fast head, and by the deep one
 * where the fast one is in doubt; by the operator's own classifier alone where there is one.
 */
export function createClassSignal(
  options: HeadSignalOptions,
  understanding: Understanding,
): Signal {
  const { kind, task, description } = options;
  const own = understanding.own.classifiers.get(task);
  const fastSlot = createFastSlot(options, understanding, readingOfClasses);
  return {
    apiVersion: 1,
    kind,
    definitionSchema: null,
    conditionSchema: classConditionSchema(description),
    valueSlot: () =>
      own === undefined ? fastSlot : createDeepSlot(options, own, kind, readingOfClasses),
    compile(value): CompiledCondition {
      const labels = own?.labels ?? understanding.fast().labels(task);
      const bounds = own === undefined ? undefined : {};
      const condition = compileClassCondition(kind, value, labels, bounds);
      const { text, test, claim } = condition;
      if (own !== undefined)
        return { slot: createDeepSlot(options, own, kind, readingOfClasses), test, text, claim };
      const deep = understanding.deep()?.classifiers.get(task);
      const band = understanding.fast().band(task);
      if (deep === undefined || band === null) return { slot: fastSlot, test, text, claim };
      return {
        slot: fastSlot,
        test,
        text,
        claim,
        deep: {
          slot: createDeepSlot(options, deep, `${kind}.deep`, readingOfClasses),
          isDoubtful: (reading) => reading.confidence <= band[1] && condition.isOpen(reading),
        },
      };
    },
  };
}
