import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { Beliefs, Verdict } from '../contract/index.ts';
import { createRng } from '../kernel/index.ts';
import type { DecisionId, ModelId } from '../kernel/index.ts';
import { createAccuracyLearner } from './accuracy.ts';
import { accuracyConfig } from './fixtures/accuracy-config.ts';

const M = 'm' as ModelId;
const learner = createAccuracyLearner();
const config = { reputation: { alpha: 0.05, graceRatio: 1.1 }, accuracy: accuracyConfig() };
/** How much easier or harder the topics are for the model. */
const TOPICS = [
  { domain: 'law', shift: 0.08 },
  { domain: 'math', shift: -0.08 },
] as const;

interface Run {
  readonly seed: number;
  readonly rate: number;
  readonly steady: number;
  /** Verdicts after the loss. */
  readonly after: number;
  readonly loss: number;
  readonly topics?: boolean;
}

/** Certain verdicts, one by one; the model loses quality after the steady ones. */
function run({ seed, rate, steady, after, loss, topics = false }: Run) {
  const rng = createRng(seed);
  let beliefs: Beliefs = NO_BELIEFS;
  let falseAlarms = 0;
  for (let i = 0; i < steady + after; i++) {
    const topic = topics ? TOPICS[rng.next() < 0.5 ? 0 : 1] : null;
    const chance = rate + (topic?.shift ?? 0) - (i < steady ? 0 : loss);
    const before = beliefs.drift.get(M)?.alarm ?? null;
    const verdict: Verdict = {
      decision: `d-0-${i}` as DecisionId,
      source: 'score',
      atMs: 1_000 * i,
      model: M,
      domain: topic?.domain ?? null,
      band: topic === null ? null : 'hard',
      score: rng.next() < chance ? 1 : 0,
    };
    beliefs = learner.learnVerdicts!(beliefs, [verdict], config);
    const alarm = beliefs.drift.get(M)?.alarm ?? null;
    if (alarm === before) continue;
    if (i >= steady) return { delay: i - steady + 1, falseAlarms, alarm, beliefs };
    falseAlarms++;
  }
  return { delay: Infinity, falseAlarms, alarm: null, beliefs };
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(share * values.length)]!;

describe('a silent loss of 15 points', () => {
  test.each([
    ['0.9', 0.9, false],
    ['0.8', 0.8, false],
    ['0.8 over topics', 0.8, true],
  ])('is found within 200 verdicts of a model that was right with %s', (_, rate, topics) => {
    const delays = Array.from({ length: 40 }, (_, i) =>
      run({ seed: i + 1, rate, steady: 1_000, after: 1_000, loss: 0.15, topics }),
    ).map(({ delay }) => delay);
    expect(quantile(delays, 0.5)).toBeLessThan(110);
    expect(quantile(delays, 0.85)).toBeLessThanOrEqual(200);
  });

  test('makes the model start anew from the verdicts since', () => {
    const { alarm, beliefs } = run({
      seed: 3,
      rate: 0.85,
      steady: 800,
      after: 800,
      loss: 0.2,
      topics: true,
    });
    expect(alarm!.before - alarm!.after).toBeGreaterThan(0.08);
    expect([...beliefs.accuracy.keys()]).toEqual([M]);
    const { right, wrong } = beliefs.accuracy.get(M)!;
    expect(right / (right + wrong)).toBeCloseTo(alarm!.after);
    expect(right + wrong).toBeLessThan(250);
    expect(beliefs.drift.get(M)!.evidence).toBe(0);
  });
});

describe('a judge', () => {
  /** Verdicts to the first alarm after a second judge has begun to speak beside the first; null: none. */
  function judgedBy(options: {
    readonly first: number;
    readonly second: number;
    readonly reliability: number;
    readonly loss: number;
    readonly seed: number;
  }): number | null {
    const { first, second, reliability, loss, seed } = options;
    const rng = createRng(seed);
    let beliefs: Beliefs = NO_BELIEFS;
    for (let i = 0; i < 2_000; i++) {
      const isSecond = i >= 1_200 && rng.next() < 0.5;
      const chance = (isSecond ? second : first) - (i < 1_200 ? 0 : loss * reliability);
      const verdict: Verdict = {
        decision: `d-0-${i}` as DecisionId,
        source: 'judge',
        judge: isSecond ? 'second' : 'first',
        reliability,
        atMs: i,
        model: M,
        domain: null,
        band: null,
        score: rng.next() < chance ? 1 : 0,
      };
      const before = beliefs.drift.get(M)?.alarm ?? null;
      beliefs = learner.learnVerdicts!(beliefs, [verdict], config);
      const alarm = beliefs.drift.get(M)!.alarm;
      if (i >= 1_200 && alarm !== before) return i - 1_199;
    }
    return null;
  }
  const seeds = [1, 2, 3, 4, 5, 6];

  test('that is stricter than the one before it is not taken for a worse model', () => {
    const strict = { first: 0.85, second: 0.6, reliability: 0.7, loss: 0 };
    const accused = seeds.filter((seed) => judgedBy({ ...strict, seed }) !== null);
    expect(accused.length).toBeLessThanOrEqual(1);
  });

  test('whose verdicts fall by what they are worth shows a loss', () => {
    const worse = { first: 0.85, second: 0.85, reliability: 0.8, loss: 0.2 };
    const found = seeds.map((seed) => judgedBy({ ...worse, seed }) ?? Infinity);
    expect(found.toSorted((a, b) => a - b)[3]).toBeLessThan(200);
  });
});

describe('a steady model', () => {
  test.each([0.6, 0.75, 0.9])('of %d is accused at most once in 10 000 verdicts', (rate) => {
    let falseAlarms = 0;
    for (let seed = 1; seed <= 2; seed++) {
      falseAlarms += run({ seed, rate, steady: 15_000, after: 0, loss: 0 }).falseAlarms;
    }
    expect(falseAlarms).toBeLessThanOrEqual(8);
  });

  test('that gets harder requests is not accused of them', () => {
    /** Alarms after the mix of requests has changed; what they say at large is a loss of 18 points. */
    const alarms = (seed: number, knowsTopic: boolean): number => {
      let beliefs: Beliefs = NO_BELIEFS;
      let count = 0;
      const rng = createRng(seed);
      for (let i = 0; i < 2_500; i++) {
        const isHard = rng.next() < (i < 2_000 ? 0.2 : 0.9);
        const [domain, chance] = isHard ? (['math', 0.7] as const) : (['law', 0.95] as const);
        const before = beliefs.drift.get(M)?.alarm ?? null;
        const verdict: Verdict = {
          decision: `d-0-${i}` as DecisionId,
          source: 'score',
          atMs: i,
          model: M,
          domain: knowsTopic ? domain : null,
          band: null,
          score: rng.next() < chance ? 1 : 0,
        };
        beliefs = learner.learnVerdicts!(beliefs, [verdict], config);
        if (i >= 2_000 && (beliefs.drift.get(M)?.alarm ?? null) !== before) count++;
      }
      return count;
    };
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    const accused = (knowsTopic: boolean): number =>
      seeds.filter((seed) => alarms(seed, knowsTopic) > 0).length;
    expect(accused(true)).toBeLessThanOrEqual(1);
    expect(accused(false)).toBeGreaterThan(8);
  });

  test('nobody watches is never accused', () => {
    const accuracy = accuracyConfig({ drift: { ...config.accuracy.drift, isWatched: false } });
    let beliefs: Beliefs = NO_BELIEFS;
    for (let i = 0; i < 500; i++) {
      const verdict: Verdict = {
        decision: `d-0-${i}` as DecisionId,
        source: 'score',
        atMs: i,
        model: M,
        domain: null,
        band: null,
        score: i < 300 ? 1 : 0,
      };
      beliefs = learner.learnVerdicts!(beliefs, [verdict], { ...config, accuracy });
    }
    expect(beliefs.drift.size).toBe(0);
  });
});
