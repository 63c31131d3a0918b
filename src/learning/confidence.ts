import type { Beliefs, ConfidenceRecord, Learner, Verdict } from '../contract/index.ts';
import type { AccuracyLearningConfig } from '../contract/index.ts';
import {
  confidenceKey,
  learnConfidence,
  observeConfidence,
  priorConfidence,
  standardized,
} from '../estimate/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { CAPACITIES } from './capacities.ts';
import { verdictsInOrder } from './verdict-order.ts';

/**
 * Learns what a model's confidence tells. Every answer that was checked shows where its values usually
 * lie; verdicts show how often it is right at them, and how often the model that was asked next. That only
 * answers which were served are judged does no harm: which ones were, depends on the confidence alone,
 * and it is what the fit is conditioned on.
 */
export function createConfidenceLearner(): Learner {
  return {
    apiVersion: 1,
    name: 'confidence',
    learn(beliefs, outcomes) {
      const records = new BoundedMap(beliefs.confidence, CAPACITIES.confidence);
      for (const { attempts } of outcomes) {
        for (const { share } of attempts) {
          if (share === undefined || share.confidence === null) continue;
          const key = confidenceKey(share.model, share.confidence.kind);
          records.set(key, observeConfidence(recordOf(records, key), share.confidence.value));
        }
      }
      return withConfidence(beliefs, records.result());
    },
    learnVerdicts(beliefs, verdicts, { accuracy: config }) {
      const records = new BoundedMap(beliefs.confidence, CAPACITIES.confidence);
      for (const verdict of verdictsInOrder(verdicts)) learnVerdict(records, verdict, config);
      return withConfidence(beliefs, records.result());
    },
  };
}

type Records = BoundedMap<string, ConfidenceRecord>;

const recordOf = (records: Records, key: string): ConfidenceRecord =>
  records.get(key) ?? priorConfidence(key);

function learnVerdict(records: Records, verdict: Verdict, config: AccuracyLearningConfig): void {
  const { score, source, confidence = [] } = verdict;
  const reliability = verdict.reliability ?? config.reliability[source];
  if (!(score >= 0 && score <= 1 && reliability > 0 && reliability <= 1)) return;
  for (const { key, level, value, believed } of confidence) {
    const z = standardized(recordOf(records, level), value);
    const seen = { believed, score, reliability };
    records.set(key, learnConfidence(recordOf(records, key), z, seen, priorConfidence(key)));
  }
}

const withConfidence = (beliefs: Beliefs, confidence: Beliefs['confidence']): Beliefs =>
  confidence === beliefs.confidence ? beliefs : { ...beliefs, confidence };
