import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { Beliefs, LearningConfig, OtherVerdict, Verdict } from '../contract/index.ts';
import { judgeReliability } from '../estimate/index.ts';
import { createRng } from '../kernel/index.ts';
import type { DecisionId, ModelId } from '../kernel/index.ts';
import { createAccuracyLearner } from './accuracy.ts';
import { beliefsFromJson, beliefsToJson } from './document.ts';
import { accuracyConfig } from './fixtures/accuracy-config.ts';
import { createJudgeLearner } from './judges.ts';

const M = 'm' as ModelId;
const config = { accuracy: accuracyConfig() } as LearningConfig;
const judges = createJudgeLearner();
const accuracy = createAccuracyLearner();

const verdict = (changes: Partial<Verdict>): Verdict => ({
  decision: 'd-0-1' as DecisionId,
  source: 'judge',
  atMs: 1_000,
  model: M,
  domain: null,
  band: null,
  score: 1,
  ...changes,
});
const reliability = (beliefs: Beliefs, judge: string): number =>
  judgeReliability(judge, beliefs, config.accuracy, 1_000_000);

/** Answers that are right with 0.7, each judged by all of these, who are right so often. */
function judgeAll(rightness: Readonly<Record<string, number>>, answers: number, seed = 5): Beliefs {
  const rng = createRng(seed);
  let beliefs = NO_BELIEFS;
  for (let i = 0; i < answers; i++) {
    const isRight = rng.next() < 0.7;
    const others: OtherVerdict[] = [];
    for (const [judge, chance] of Object.entries(rightness)) {
      const score = rng.next() < chance === isRight ? 1 : 0;
      const said = verdict({ judge, score, atMs: 1_000 * i, others: [...others] });
      beliefs = judges.learnVerdicts!(beliefs, [said], config);
      others.push({ source: 'judge', judge, score });
    }
  }
  return beliefs;
}

describe('the reliability of judges', () => {
  test('is what the policy says until others speak', () => {
    expect(reliability(NO_BELIEFS, 'a')).toBeCloseTo(0.6);
    expect(judges.learnVerdicts!(NO_BELIEFS, [verdict({ judge: 'a' })], config)).toBe(NO_BELIEFS);
  });

  test('tells a good judge from a middling one and from a coin', () => {
    const beliefs = judgeAll({ good: 0.95, usual: 0.85, fair: 0.75, coin: 0.5 }, 600);
    const [good, usual, fair, coin] = ['good', 'usual', 'fair', 'coin'].map((judge) =>
      reliability(beliefs, judge),
    ) as [number, number, number, number];
    expect(good).toBeGreaterThan(usual);
    expect(usual).toBeGreaterThan(fair);
    expect(fair).toBeGreaterThan(coin);
    expect(good).toBeGreaterThan(0.7);
    expect(coin).toBeLessThan(0.15);
  });

  test('falls by feedback that says otherwise, and stays above nothing', () => {
    let beliefs = NO_BELIEFS;
    for (let i = 0; i < 200; i++) {
      const others: OtherVerdict[] = [{ source: 'score', judge: null, score: 0 }];
      beliefs = judges.learnVerdicts!(beliefs, [verdict({ judge: 'a', others })], config);
    }
    expect(reliability(beliefs, 'a')).toBe(0.02);
    const kind: OtherVerdict = { source: 'judge', judge: 'b', score: 1 };
    const later = verdict({ source: 'score', score: 0, others: [kind] });
    expect(reliability(judges.learnVerdicts!(NO_BELIEFS, [later], config), 'b')).toBeLessThan(0.6);
  });

  test('is not touched by what only ever speaks against answers', () => {
    const others: OtherVerdict[] = [{ source: 'retry', judge: null, score: 0 }];
    expect(judges.learnVerdicts!(NO_BELIEFS, [verdict({ judge: 'a', others })], config)).toBe(
      NO_BELIEFS,
    );
    const doubt = verdict({
      source: 'retry',
      score: 0,
      others: [{ source: 'judge', judge: 'a', score: 1 }],
    });
    expect(judges.learnVerdicts!(NO_BELIEFS, [doubt], config)).toBe(NO_BELIEFS);
  });

  test('weighs its verdicts on models, and outlives the process', () => {
    const beliefs = judgeAll({ good: 0.95, usual: 0.9, coin: 0.5 }, 400);
    const kept = beliefsFromJson(beliefsToJson(beliefs))!;
    expect(kept.judges).toEqual(beliefs.judges);
    const weightOf = (judge: string): number => {
      const learned = accuracy.learnVerdicts!(kept, [verdict({ judge, atMs: 1_000_000 })], config);
      return learned.accuracy.get(M)!.right;
    };
    expect(weightOf('good')).toBeCloseTo(reliability(kept, 'good'));
    expect(weightOf('coin')).toBeLessThan(0.2);
  });
});

test('what speaks against answers moves beliefs a little, and proves no loss', () => {
  let beliefs = NO_BELIEFS;
  for (let i = 0; i < 2_000; i++) {
    const isDoubt = i >= 1_000 && i % 2 === 0;
    const said = isDoubt
      ? verdict({ source: 'retry', score: 0, atMs: i })
      : verdict({ source: 'score', score: 1, atMs: i });
    beliefs = accuracy.learnVerdicts!(beliefs, [said], config);
  }
  const { right, wrong } = beliefs.accuracy.get(M)!;
  expect(wrong / (right + wrong)).toBeGreaterThan(0.03);
  expect(wrong / (right + wrong)).toBeLessThan(0.15);
  expect(beliefs.drift.get(M)!.alarm).toBeNull();
});
