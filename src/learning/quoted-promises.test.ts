import { describe, expect, test } from 'vitest';
import type { InstanceId } from '../kernel/index.ts';
import type { Beliefs, BidMiss, LearningConfig, Outcome } from '../contract/index.ts';
import { NO_BELIEFS } from '../contract/index.ts';
import { beliefsFromJson, beliefsToJson } from './document.ts';
import { createReputationLearner } from './reputation.ts';

const learner = createReputationLearner();
const config = { reputation: { alpha: 0.5, graceRatio: 1.1 } } as LearningConfig;
const INSTANCE = 'i' as InstanceId;

/** An answer of a second and 100 J, by an instance that has promised so much. */
function outcomeOf(
  promisedMs: number,
  promisedJoules: number | null,
  changes: object = {},
): Outcome {
  return {
    instance: INSTANCE,
    status: 'ok',
    httpStatus: 200,
    atMs: 1_000,
    usage: { promptTokens: 10, cachedTokens: 0, outputTokens: 100, isEstimated: false },
    energyMicrojoules: 100e6,
    energySource: 'curve',
    perTokenMs: null,
    attempts: [
      {
        instance: INSTANCE,
        result: 'ok',
        status: 200,
        ttftMs: null,
        totalMs: 1_000,
        promisedTtftMs: promisedMs / 10,
        promisedLatencyMs: promisedMs,
        promisedOutputTokens: 100,
        quoted: { energyJoules: promisedJoules },
      },
    ],
    ...changes,
  } as unknown as Outcome;
}

const learned = (beliefs: Beliefs, ...outcomes: Outcome[]): Beliefs =>
  learner.learn(beliefs, outcomes, config);
const record = (beliefs: Beliefs) => beliefs.reputation.get(INSTANCE)!;

describe('what a bidder has quoted', () => {
  test('is held against it as it was said: the record settles at the ratio, not at its root', () => {
    let beliefs = NO_BELIEFS;
    for (let i = 0; i < 60; i++) beliefs = learned(beliefs, outcomeOf(10, 50));
    expect(record(beliefs).latencyRatio).toBeCloseTo(100, 3);
    expect(record(beliefs).energyRatio).toBeCloseTo(2, 3);
  });

  test.each([0, 1e-9, 0.5])('a promise of %s ms or joules can be broken', (promised) => {
    let beliefs = NO_BELIEFS;
    for (let i = 0; i < 60; i++) beliefs = learned(beliefs, outcomeOf(promised, promised));
    const { latencyRatio, energyRatio } = record(beliefs);
    expect(latencyRatio).toBeCloseTo(1_000, 0);
    expect(energyRatio).toBeGreaterThan(100);
  });

  test('one stray answer counts ten times at most', () => {
    const beliefs = learned(NO_BELIEFS, outcomeOf(1, 1));
    expect(record(beliefs).latencyRatio).toBe(1 + 0.5 * 9);
  });

  test('energy that it did not quote, or that was not metered, says nothing', () => {
    const unmetered = { energySource: 'unknown', energyMicrojoules: 0 };
    const beliefs = learned(NO_BELIEFS, outcomeOf(1_000, null), outcomeOf(1_000, 1, unmetered));
    expect(record(beliefs).energyRatio).toBe(1);
  });

  test('a probe that is kept undoes as much as it is rare', () => {
    let before = NO_BELIEFS;
    for (let i = 0; i < 60; i++) before = learned(before, outcomeOf(10, null));
    const kept = outcomeOf(1_000, null);
    const probe = { ...kept, explored: 'probe', propensity: 0.05 } as Outcome;
    expect(record(learned(before, kept)).latencyRatio).toBeCloseTo(50.5, 1);
    expect(record(learned(before, probe)).latencyRatio).toBeLessThan(1.01);
  });
});

describe('a question that was not answered', () => {
  const missing = (cause: BidMiss['cause']): Outcome => ({
    ...outcomeOf(1, null),
    attempts: [],
    bidMisses: [{ instance: INSTANCE, cause }],
  });

  test.each(['late', 'unreachable', 'signature', 'malformed'] as const)('%s counts', (cause) => {
    const beliefs = learned(NO_BELIEFS, missing(cause));
    expect(record(beliefs)).toMatchObject({ missRatio: 0.5, latencyRatio: 1, failureRatio: 0 });
  });

  test.each(['busy', 'silent'] as const)('%s does not: it was not asked', (cause) => {
    expect(learned(NO_BELIEFS, missing(cause))).toBe(NO_BELIEFS);
  });

  test('is forgotten with the next quote', () => {
    const beliefs = learned(NO_BELIEFS, missing('late'), outcomeOf(1_000, null));
    expect(record(beliefs).missRatio).toBe(0.25);
  });
});

test('the record is kept over a restart, and one that was written before there were bidders is read', () => {
  const beliefs = learned(NO_BELIEFS, outcomeOf(10, 50), outcomeOf(10, 50));
  expect(beliefsFromJson(beliefsToJson(beliefs))!.reputation).toEqual(beliefs.reputation);
  const old = { latencyRatio: 2, failureRatio: 0.1, observations: 3, atMs: 5 };
  const before = { ...NO_BELIEFS, reputation: new Map([[INSTANCE, old]]) };
  expect(beliefsFromJson(beliefsToJson(before))!.reputation.get(INSTANCE)).toEqual(old);
});
