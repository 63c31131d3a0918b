import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { LearningConfig, Outcome, Verdict } from '../contract/index.ts';
import { confidenceKey, followingKey, priorConfidence } from '../estimate/index.ts';
import type { DecisionId, ModelId } from '../kernel/index.ts';
import { outcomeNamed } from '../../test/contract/outcome-named.ts';
import { createConfidenceLearner } from './confidence.ts';
import { beliefsFromJson, beliefsToJson } from './document.ts';
import { accuracyConfig } from './fixtures/accuracy-config.ts';

const LEARNING = { accuracy: accuracyConfig() } as LearningConfig;
const learner = createConfidenceLearner();
const small = 'small' as ModelId;
const large = 'large' as ModelId;
const OWN = confidenceKey(small, 'meanLogprob');
const NEXT = followingKey(small, 'meanLogprob', large);

function checked(value: number): Outcome {
  const outcome = outcomeNamed('d');
  const [attempt] = outcome.attempts;
  const usage = { promptTokens: 1, cachedTokens: 0, outputTokens: 1, isEstimated: false };
  const confidence = { kind: 'meanLogprob', value, believed: 0.5 } as const;
  const cost = { costPicoUsd: 0, energyMicrojoules: 0 };
  const share = { role: 'step', model: small, usage, ...cost, confidence } as const;
  return { ...outcome, attempts: [{ ...attempt!, share }] };
}

const verdict = (score: number, value: number, key = OWN): Verdict => ({
  decision: 'd' as DecisionId,
  source: 'score',
  atMs: 1,
  model: small,
  domain: null,
  band: null,
  score,
  confidence: [{ key, level: OWN, value, believed: 0.5 }],
});

describe('the confidence learner', () => {
  test('learns where the values of a model lie from every answer that was checked', () => {
    const outcomes = Array.from({ length: 200 }, (_, i) => checked(i % 2 === 0 ? -1 : -3));
    const { confidence } = learner.learn(NO_BELIEFS, outcomes, LEARNING);
    const record = confidence.get(OWN)!;
    expect(record.mean).toBeCloseTo(-2, 0);
    expect(Math.sqrt(record.variance)).toBeCloseTo(1, 0);
    expect(record.slope).toBe(priorConfidence(OWN).slope);
  });

  test('learns from verdicts what they tell, of the model itself and of the one after it', () => {
    const taught = [
      ...Array.from({ length: 60 }, (_, i) => verdict(i % 2, i % 2 === 0 ? -0.6 : 0)),
      ...Array.from({ length: 60 }, () => verdict(0, -0.6, NEXT)),
    ];
    const { confidence } = learner.learnVerdicts!(NO_BELIEFS, taught, LEARNING);
    expect(confidence.get(OWN)!.slope).toBeGreaterThan(priorConfidence(OWN).slope);
    expect(confidence.get(NEXT)!.offset).toBeLessThan(0);
    expect(confidence.get(OWN)!.verdicts).toBe(60);
  });

  test('learns nothing of outcomes and verdicts without one, or from one that is unsound', () => {
    expect(learner.learn(NO_BELIEFS, [outcomeNamed('d')], LEARNING)).toBe(NO_BELIEFS);
    const { confidence: _, ...plain } = verdict(1, 0);
    const bad = [plain, verdict(7, 0), { ...verdict(1, 0), reliability: Number.NaN }];
    expect(learner.learnVerdicts!(NO_BELIEFS, bad, LEARNING)).toBe(NO_BELIEFS);
  });

  test('is kept over a restart, and a record that is unsound is not taken', () => {
    const beliefs = learner.learnVerdicts!(NO_BELIEFS, [verdict(1, 0)], LEARNING);
    expect(beliefsFromJson(beliefsToJson(beliefs))!.confidence).toEqual(beliefs.confidence);
    const broken = beliefsToJson(beliefs).replace('"slope":', '"slope":-');
    expect(beliefsFromJson(broken)).toBeNull();
  });
});
