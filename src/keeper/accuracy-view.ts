import type { AccuracyView, Beliefs, ComplexityBand, Config } from '../contract/index.ts';
import type { DriftAlarm, JudgeView, ModelAccuracyView } from '../contract/index.ts';
import { accuracyPosterior, faded, judgeReliability, NO_RECORD } from '../estimate/index.ts';

/** What is believed of the models of the policy, for people to read. */
export function accuracyViews(
  { models, learning }: Config,
  beliefs: Beliefs,
  nowMs: number,
): ModelAccuracyView[] {
  const at = { nowMs, halfLifeMs: learning.accuracy.halfLifeMs };
  return models.map((model) => {
    const { id, accuracy } = model;
    const keys = [...beliefs.accuracy.keys()].filter((key) => key.startsWith(`${id}|`)).toSorted();
    const views = [id, ...keys].flatMap((key): AccuracyView[] => {
      const [domain = null, band = null] = key === id ? [] : key.slice(id.length + 1).split('|');
      const topic = { domain, band: band as ComplexityBand | null };
      const posterior = accuracyPosterior(model, beliefs, topic, at);
      const record = beliefs.accuracy.get(key) ?? { right: 0, wrong: 0, atMs: nowMs };
      const { right, wrong } = faded(record, nowMs, at.halfLifeMs);
      return posterior === null ? [] : [{ ...topic, ...posterior, right, wrong }];
    });
    return {
      model: id,
      card: accuracy.default,
      beliefs: views,
      drift: driftView(beliefs.drift.get(id)?.alarm ?? null),
    };
  });
}

function driftView(alarm: DriftAlarm | null): ModelAccuracyView['drift'] {
  if (alarm === null) return null;
  const { atMs, before, after, verdicts } = alarm;
  return { at: new Date(atMs).toISOString(), before, after, verdicts };
}

/** What is known of the judges of the policy, for people to read. */
export function judgeViews(
  { judging, learning }: Config,
  beliefs: Beliefs,
  nowMs: number,
): JudgeView[] {
  return (judging?.judges ?? []).map(({ name, kind, model }) => {
    const { accuracy } = learning;
    const record = faded(beliefs.judges.get(name) ?? NO_RECORD, nowMs, accuracy.halfLifeMs);
    return {
      judge: name,
      kind,
      model,
      reliability: judgeReliability(name, beliefs, accuracy, nowMs),
      agreed: record.right,
      disagreed: record.wrong,
    };
  });
}
