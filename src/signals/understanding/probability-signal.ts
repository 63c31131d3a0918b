import type { CompiledCondition, Signal, Understanding } from '../../contract/index.ts';
import { from } from '../claims.ts';
import { readingOfProbability } from './class-reading.ts';
import { createDeepSlot, createFastSlot } from './head-slots.ts';
import type { HeadSignalOptions } from './head-slots.ts';
import {
  compileProbabilityCondition,
  probabilityConditionSchema,
} from './probability-condition.ts';

/** A signal whose value is a probability, read of the gist of the last user text. */
export function createProbabilitySignal(
  options: HeadSignalOptions,
  understanding: Understanding,
): Signal {
  const { kind, task, description } = options;
  const own = understanding.own.classifiers.get(task);
  const fastSlot = createFastSlot(options, understanding, readingOfProbability);
  return {
    apiVersion: 1,
    kind,
    definitionSchema: null,
    conditionSchema: probabilityConditionSchema(description),
    valueSlot: () =>
      own === undefined ? fastSlot : createDeepSlot(options, own, kind, readingOfProbability),
    compile(value): CompiledCondition {
      if (own !== undefined) {
        const threshold = own.threshold ?? 0.5;
        const scale = { threshold, band: null, range: from(0, 1) };
        const { isDoubtful: _, ...condition } = compileProbabilityCondition(kind, value, scale);
        return { slot: createDeepSlot(options, own, kind, readingOfProbability), ...condition };
      }
      const fast = understanding.fast();
      const scale = { threshold: fast.threshold(task) ?? 0.5, band: fast.band(task) };
      const { isDoubtful, ...condition } = compileProbabilityCondition(kind, value, scale);
      const deep = understanding.deep()?.classifiers.get(task);
      if (deep === undefined || scale.band === null) return { slot: fastSlot, ...condition };
      const slot = createDeepSlot(options, deep, `${kind}.deep`, readingOfProbability);
      return { slot: fastSlot, ...condition, deep: { slot, isDoubtful } };
    },
  };
}
