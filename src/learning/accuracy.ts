import type { AccuracyRecord, Beliefs, Learner, Verdict } from '../contract/index.ts';
import type { AccuracyLearningConfig, DriftRecord } from '../contract/index.ts';
import { accuracyKey } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { countVerdict, judgeReliability, NO_RECORD } from '../estimate/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { CAPACITIES } from './capacities.ts';
import { isDoubt } from './doubts.ts';
import { UNWATCHED, watchVerdict } from './drift.ts';
import { verdictsInOrder } from './verdict-order.ts';

/**
 * Learns from verdicts how often a model is right: at large, in the domain, and in its complexity band.
 * A model that is found to have become worse starts anew from the verdicts since.
 */
export function createAccuracyLearner(): Learner {
  return {
    apiVersion: 1,
    name: 'accuracy',
    learn: (beliefs) => beliefs,
    learnVerdicts(beliefs, verdicts, { accuracy: config }) {
      const tables = new Tables(beliefs);
      for (const verdict of verdictsInOrder(verdicts)) tables.learn(verdict, config);
      return tables.result();
    },
  };
}

class Tables {
  readonly #beliefs: Beliefs;
  readonly #records: BoundedMap<string, AccuracyRecord>;
  readonly #watches: BoundedMap<ModelId, DriftRecord>;

  constructor(beliefs: Beliefs) {
    this.#beliefs = beliefs;
    this.#records = new BoundedMap(beliefs.accuracy, CAPACITIES.accuracy);
    this.#watches = new BoundedMap(beliefs.drift, CAPACITIES.models);
  }

  learn(verdict: Verdict, config: AccuracyLearningConfig): void {
    const { model, domain, band, score, atMs } = verdict;
    const weight = verdict.reliability ?? reliabilityOf(verdict, this.#beliefs, config);
    const isSound = score >= 0 && score <= 1 && weight > 0 && weight <= 1;
    if (!isSound || !Number.isFinite(atMs)) return;
    const counted = { score, weight, atMs };
    const isWatched = config.drift.isWatched && !isDoubt(verdict.source);
    if (isWatched && this.#isAlarmed({ ...counted, verdict }, config)) return;
    const keys = new Set([
      ...(domain === null ? [] : [accuracyKey(model, domain, band)]),
      ...(domain === null ? [] : [accuracyKey(model, domain, null)]),
      // Written last, what others rest on is forgotten last.
      model,
    ]);
    for (const key of keys) {
      const before = this.#records.get(key) ?? NO_RECORD;
      this.#records.set(key, countVerdict(before, counted, config));
    }
  }

  result(): Beliefs {
    const accuracy = this.#records.result();
    const drift = this.#watches.result();
    const isSame = accuracy === this.#beliefs.accuracy && drift === this.#beliefs.drift;
    return isSame ? this.#beliefs : { ...this.#beliefs, accuracy, drift };
  }

  /** Whether the verdict was the last that proved a loss: then the records begin anew with those that did. */
  #isAlarmed(
    counted: {
      readonly score: number;
      readonly weight: number;
      readonly atMs: number;
      readonly verdict: Verdict;
    },
    config: AccuracyLearningConfig,
  ): boolean {
    const { model, domain, band, source, judge } = counted.verdict;
    const topic = domain === null ? null : `${domain}|${band ?? ''}`;
    const before = this.#watches.get(model) ?? UNWATCHED;
    const speaker = judge === undefined ? source : `${source}:${judge}`;
    const seen = { ...counted, topic, speaker };
    const { record, alarm, since } = watchVerdict(before, seen, config);
    this.#watches.set(model, record);
    if (alarm === null) return false;
    for (const key of this.#records.keys()) {
      if (key.startsWith(`${model}|`)) this.#records.delete(key);
    }
    this.#records.set(model, { ...since, atMs: record.reference.atMs });
    return true;
  }
}

/** A judge counts by what others have shown of it. */
function reliabilityOf(
  { source, judge, atMs }: Verdict,
  beliefs: Beliefs,
  config: AccuracyLearningConfig,
): number {
  if (source !== 'judge' || judge === undefined) return config.reliability[source];
  return judgeReliability(judge, beliefs, config, atMs);
}
