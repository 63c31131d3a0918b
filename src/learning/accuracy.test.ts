import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accuracyKey, NO_BELIEFS } from '../contract/index.ts';
import type { AccuracyLearningConfig, Beliefs, Verdict } from '../contract/index.ts';
import type { DecisionId, ModelId } from '../kernel/index.ts';
import { createAccuracyLearner } from './accuracy.ts';
import { accuracyConfig } from './fixtures/accuracy-config.ts';
import { beliefsFromJson, beliefsToJson } from './index.ts';

const M = 'm' as ModelId;
const NOW = 1_700_000_000_000;
const learner = createAccuracyLearner();

function learn(
  verdicts: readonly Verdict[],
  beliefs: Beliefs = NO_BELIEFS,
  accuracy: AccuracyLearningConfig = accuracyConfig(),
): Beliefs {
  const reputation = { alpha: 0.05, graceRatio: 1.1 };
  return learner.learnVerdicts!(beliefs, verdicts, { reputation, accuracy });
}

const verdictOf = (changes: Partial<Verdict> = {}): Verdict => ({
  decision: 'd-0-0000000000000' as DecisionId,
  source: 'score',
  atMs: NOW,
  model: M,
  domain: 'math',
  band: 'hard',
  score: 1,
  ...changes,
});

const verdicts = fc.array(
  fc.record({
    decision: fc.stringMatching(/^d-0-[a-z]{3}$/) as fc.Arbitrary<DecisionId>,
    source: fc.constantFrom('score' as const, 'thumb' as const, 'guard' as const),
    atMs: fc.integer({ min: NOW, max: NOW + 10_000 }),
    model: fc.constantFrom(M, 'n' as ModelId),
    domain: fc.constantFrom(null, 'math'),
    band: fc.constantFrom('easy' as const, 'hard' as const),
    score: fc.constantFrom(0, 0.5, 1),
  }),
  { maxLength: 40 },
);

describe('verdicts', () => {
  test('count for the model, its domain and its band, by the reliability of their source', () => {
    const { accuracy } = learn([verdictOf({ source: 'thumb', score: 0 })]);
    expect([...accuracy.keys()].toSorted()).toEqual(['m', 'm|math', 'm|math|hard']);
    for (const record of accuracy.values()) {
      expect(record).toEqual({ right: 0, wrong: 0.5, atMs: NOW });
    }
  });

  test('without a topic count for the model alone; with a reliability of their own, by that', () => {
    const { accuracy } = learn([verdictOf({ domain: null, reliability: 0.25 })]);
    expect([...accuracy]).toEqual([['m', { right: 0.25, wrong: 0, atMs: NOW }]]);
  });

  test.each([
    ['a score that is no share', { score: 1.5 }],
    ['no number', { score: Number.NaN }],
    ['no weight', { reliability: 0 }],
    ['no time', { atMs: Number.NaN }],
  ])('%s teaches nothing', (_, changes) => {
    expect(learn([verdictOf(changes)])).toBe(NO_BELIEFS);
  });

  test('nothing at all leaves the beliefs as they are', () => {
    expect(learn([])).toBe(NO_BELIEFS);
    expect(learner.learn(NO_BELIEFS, [], {} as never)).toBe(NO_BELIEFS);
  });

  test('the order of arrival within a batch changes nothing', () => {
    fc.assert(
      fc.property(verdicts, fc.nat(), (batch, seed) => {
        const shuffled = batch
          .map((verdict, i) => [verdict, (i * 7_919 + seed) % 101] as const)
          .toSorted((a, b) => a[1] - b[1])
          .map(([verdict]) => verdict);
        expect(learn(shuffled)).toEqual(learn(batch));
      }),
    );
  });

  test('what is learned is bounded, and survives the store', () => {
    fc.assert(
      fc.property(verdicts, (batch) => {
        const learned = learn(batch);
        for (const { right, wrong } of learned.accuracy.values()) {
          expect(right).toBeGreaterThanOrEqual(0);
          expect(right + wrong).toBeLessThanOrEqual(batch.length);
        }
        expect(beliefsFromJson(beliefsToJson(learned))).toEqual(learned);
      }),
    );
  });

  test('a document with an unsound record is none', () => {
    const whole = beliefsToJson(learn([verdictOf()]));
    expect(beliefsFromJson(whole)).not.toBeNull();
    expect(beliefsFromJson(whole.replace('"right":1', '"right":-1'))).toBeNull();
    expect(beliefsFromJson(whole.replace('"evidence":0', '"evidence":null'))).toBeNull();
  });

  test('a document from before there were verdicts is read', () => {
    const old = { ...(JSON.parse(beliefsToJson(NO_BELIEFS)) as Record<string, unknown>) };
    delete old['accuracy'];
    delete old['drift'];
    expect(beliefsFromJson(JSON.stringify(old))).toEqual(NO_BELIEFS);
  });

  test('more topics than there is room for push out the oldest, never the model at large', () => {
    let beliefs = NO_BELIEFS;
    for (let i = 0; i < 90; i++) {
      const batch = Array.from({ length: 100 }, (_, j) =>
        verdictOf({ domain: `d${i * 100 + j}`, atMs: NOW + i }),
      );
      beliefs = learn(batch, beliefs);
    }
    expect(beliefs.accuracy.size).toBe(8_192);
    expect(beliefs.accuracy.has(M)).toBe(true);
    expect(beliefs.accuracy.has(accuracyKey(M, 'd0', null))).toBe(false);
  });
});
