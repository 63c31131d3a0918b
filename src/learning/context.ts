import type { Beliefs, ContextRecord, ContextSpace, Learner, Verdict } from '../contract/index.ts';
import type { AccuracyLearningConfig } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { learnInContext, unpackContext } from '../estimate/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { CAPACITIES } from './capacities.ts';
import { verdictsInOrder } from './verdict-order.ts';

/**
 * Learns from verdicts how a model does on requests like the one that was judged. It comes after the learner
 * of accuracies: a model that was found to have become worse begins anew. Contexts of spaces that are not
 * `spaces` teach nothing.
 */
export function createContextLearner(spaces: readonly ContextSpace[]): Learner {
  return {
    apiVersion: 1,
    name: 'context',
    learn: (beliefs) => beliefs,
    learnVerdicts(beliefs, verdicts, { accuracy: config }) {
      const records = new BoundedMap(beliefs.contexts, CAPACITIES.contexts);
      for (const [model, { atMs }] of beliefs.contexts) {
        const alarm = beliefs.drift.get(model)?.alarm ?? null;
        if (alarm !== null && alarm.atMs > atMs) records.delete(model);
      }
      for (const verdict of verdictsInOrder(verdicts)) {
        learnOne(records, verdict, spaces, { beliefs, config });
      }
      const contexts = records.result();
      return contexts === beliefs.contexts ? beliefs : { ...beliefs, contexts };
    },
  };
}

function learnOne(
  records: BoundedMap<ModelId, ContextRecord>,
  { model, context, score, source, atMs, reliability }: Verdict,
  spaces: readonly ContextSpace[],
  known: { readonly beliefs: Beliefs; readonly config: AccuracyLearningConfig },
): void {
  if (context === undefined || !Number.isFinite(atMs)) return;
  const weight = reliability ?? known.config.reliability[source];
  if (!(score >= 0 && score <= 1 && weight > 0 && weight <= 1)) return;
  const alarm = known.beliefs.drift.get(model)?.alarm ?? null;
  if (alarm !== null && alarm.atMs > atMs) return;
  const read = unpackContext(context);
  const space = spaces.find(({ name }) => name === read?.space);
  if (read === null || space === undefined || space.size !== read.values.length) return;
  const { values, prior } = read;
  const verdict = { values, prior, score, weight, atMs };
  records.set(model, learnInContext(records.get(model), verdict, space, known.config));
}
