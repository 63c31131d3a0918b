import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { AttemptRecord, Beliefs, LearningConfig, Outcome } from '../contract/index.ts';
import type { DecisionId, InstanceId, KeyId, ModelId, TenantId } from '../kernel/index.ts';
import { accuracyConfig } from './fixtures/accuracy-config.ts';
import { beliefsFromJson, beliefsToJson, createLearners } from './index.ts';

const CONFIG: LearningConfig = {
  reputation: { alpha: 0.05, graceRatio: 1.1 },
  accuracy: accuracyConfig(),
};
const LEARNERS = createLearners();
const A = 'a' as InstanceId;
const M = 'm' as ModelId;

const learn = (outcomes: readonly Outcome[], beliefs: Beliefs = NO_BELIEFS): Beliefs =>
  LEARNERS.reduce((known, learner) => learner.learn(known, outcomes, CONFIG), beliefs);

function attemptOf(changes: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    instance: A,
    result: 'ok',
    status: 200,
    ttftMs: 100,
    totalMs: 1_090,
    promisedTtftMs: 100,
    promisedLatencyMs: 1_090,
    promisedWaitMs: 0,
    promisedOutputTokens: 100,
    batch: 1,
    turns: 0,
    pendingTokens: 0,
    ...changes,
  };
}

function outcomeOf(changes: Partial<Outcome> = {}): Outcome {
  return {
    decision: 'd-0-0000000000000' as DecisionId,
    atMs: 1_700_000_000_000,
    surface: 'chat',
    tenant: 'acme' as TenantId,
    key: 'k' as KeyId,
    user: null,
    route: 'default',
    mode: 'economy',
    instance: A,
    model: M,
    archetype: 'chat|single|balanced',
    promptBytes: 400,
    status: 'ok',
    httpStatus: 200,
    finishReason: 'stop',
    usage: { promptTokens: 100, cachedTokens: 20, outputTokens: 100, isEstimated: false },
    costPicoUsd: 1,
    energyMicrojoules: 1,
    energySource: 'curve',
    ttftMs: 100,
    totalMs: 1_090,
    perTokenMs: 10,
    attempts: [attemptOf()],
    reservation: null,
    ...changes,
  };
}

const failing = (result: AttemptRecord['result'], status: number | null = null): Outcome =>
  outcomeOf({ status: 'failed', httpStatus: 502, attempts: [attemptOf({ result, status })] });

describe('what one outcome teaches', () => {
  const learned = learn([outcomeOf()]);

  test('timing of the instance that served', () => {
    expect(learned.timing.get(A)).toMatchObject({
      ttftMs: { weight: 1 },
      perTokenMs: { weight: 1 },
      cachedRatio: { mean: 0.2 },
    });
  });

  test('lengths, with their fallbacks', () => {
    expect([...learned.outputTokens.keys()]).toEqual([
      'm|chat|single|balanced',
      '*|chat|single|balanced',
      '*|*',
    ]);
  });

  test('bytes per token, by tenant and for all', () => {
    expect([...learned.bytesPerToken].map(([key, { mean }]) => [key, mean])).toEqual([
      ['acme|m', 4],
      ['*|m', 4],
    ]);
  });

  test('beliefs are replaced, never mutated, and the same when nothing was learned', () => {
    const before = beliefsToJson(learned);
    const after = learn([outcomeOf()], learned);
    expect(after).not.toBe(learned);
    expect(beliefsToJson(learned)).toBe(before);
    expect(learn([], learned)).toBe(learned);
    expect(
      learn(
        [outcomeOf({ status: 'aborted', attempts: [attemptOf({ result: 'aborted' })] })],
        learned,
      ),
    ).toBe(learned);
  });
});

describe('the lengths of answers', () => {
  const answered = (outputTokens: number, changes: Partial<Outcome> = {}): Outcome => {
    const usage = { promptTokens: 10, cachedTokens: 0, outputTokens, isEstimated: false };
    return outcomeOf({ usage, finishReason: 'stop', ...changes });
  };
  const weights = (beliefs: Beliefs, key: string): readonly number[] =>
    beliefs.answerLengths.get(key) ?? [];

  test('are kept by model, archetype and route, and by the fallbacks', () => {
    const { model, archetype, route } = outcomeOf();
    const { answerLengths } = learn([answered(8)]);
    expect([...answerLengths]).toEqual([
      [`${model}|${archetype}|${route}`, [1]],
      [`${model}|${archetype}`, [1]],
      [`*|${archetype}`, [1]],
      ['*|*', [1]],
    ]);
  });

  test('an answer that was cut counts as one of those that are longer', () => {
    const before = learn([answered(8), answered(16), answered(64)]);
    const after = weights(learn([answered(16, { finishReason: 'length' })], before), '*|*');
    const kept = weights(before, '*|*');
    // Bins 0, 4 and 12 hold 8, 16 and 64 tokens.
    expect(after[0]! / kept[0]!).toBeCloseTo(after[4]! / kept[4]!, 4);
    expect(after[12]! - kept[12]!).toBeGreaterThan(0.99);
  });

  test('a failed answer, one without tokens and an embedding have none', () => {
    for (const outcome of [
      answered(8, { status: 'cut' }),
      answered(0),
      answered(8, { surface: 'embeddings' }),
    ]) {
      expect(learn([outcome]).answerLengths.size).toBe(0);
    }
  });
});

describe('what an outcome does not teach', () => {
  test('guessed usage says nothing of bytes per token or of the cache', () => {
    const usage = { promptTokens: 100, cachedTokens: 0, outputTokens: 10, isEstimated: true };
    const learned = learn([outcomeOf({ usage })]);
    expect(learned.bytesPerToken.size).toBe(0);
    expect(learned.timing.get(A)!.cachedRatio).toBeNull();
  });

  test('a prompt shorter than its template, or full of images, is no ratio of a text', () => {
    const usage = { promptTokens: 5_000, cachedTokens: 0, outputTokens: 10, isEstimated: false };
    expect(learn([outcomeOf({ promptBytes: 10 }), outcomeOf({ usage })]).bytesPerToken.size).toBe(
      0,
    );
  });

  test('an answer that was cut short says nothing of its length', () => {
    const cut = outcomeOf({ status: 'cut', attempts: [attemptOf({ result: 'cut' })] });
    expect(learn([cut, outcomeOf({ finishReason: 'length' })]).outputTokens.size).toBe(0);
  });

  test('an answer that its ceiling cut counts only where it is longer than expected', () => {
    const warm = learn([outcomeOf()]);
    const long = { promptTokens: 100, cachedTokens: 0, outputTokens: 400, isEstimated: false };
    const mean = (beliefs: Beliefs) => beliefs.outputTokens.get('*|*')!.mean;
    expect(mean(learn([outcomeOf({ finishReason: 'length' })], warm))).toBe(100);
    expect(mean(learn([outcomeOf({ finishReason: 'length', usage: long })], warm))).toBeGreaterThan(
      100,
    );
  });

  test('an embedding has no length', () => {
    expect(learn([outcomeOf({ surface: 'embeddings' })]).outputTokens.size).toBe(0);
  });

  test('what a client did wrong is held against nobody, and is no timing', () => {
    const rejected = outcomeOf({ httpStatus: 422, attempts: [attemptOf({ status: 422 })] });
    const learned = learn([rejected]);
    expect(learned.timing.size).toBe(0);
    expect(learned.reputation.get(A)).toMatchObject({ failureRatio: 0 });
  });
});

describe('reputation', () => {
  const failures = (beliefs: Beliefs): number => beliefs.reputation.get(A)?.failureRatio ?? 0;

  test('every way of not delivering is a broken promise', () => {
    for (const result of ['connect', 'rate-limited', 'timeout', 'cut', 'protocol'] as const) {
      expect(failures(learn([failing(result)]))).toBeCloseTo(0.05, 9);
    }
    expect(failures(learn([failing('status', 500)]))).toBeCloseTo(0.05, 9);
  });

  test('an abort, a rejected credential and a faulty request are not', () => {
    const innocent = [failing('aborted'), failing('credential', 401), failing('status', 400)];
    expect(learn(innocent).reputation.size).toBe(0);
  });

  test('each attempt counts for its own instance', () => {
    const attempts = [attemptOf({ instance: 'b' as InstanceId, result: 'timeout' }), attemptOf()];
    const { reputation } = learn([outcomeOf({ attempts })]);
    expect(reputation.get('b' as InstanceId)).toMatchObject({ failureRatio: 0.05 });
    expect(reputation.get(A)).toMatchObject({ failureRatio: 0, latencyRatio: 1 });
  });

  const ratio = (outcome: Outcome): number => {
    const { latencyRatio } = learn([outcome]).reputation.get(A)!;
    return 1 + (latencyRatio - 1) / 0.05;
  };

  test('a late answer is held against its instance, within the grace it is not', () => {
    expect(ratio(outcomeOf({ perTokenMs: 11 }))).toBe(1);
    const late = attemptOf({ ttftMs: 300 });
    expect(ratio(outcomeOf({ perTokenMs: 30, attempts: [late] }))).toBeCloseTo(3_270 / 1_090, 6);
  });

  test('a long answer is not the fault of its instance', () => {
    const usage = { promptTokens: 100, cachedTokens: 0, outputTokens: 1_000, isEstimated: false };
    const long = attemptOf({ ttftMs: null, totalMs: 100 + 999 * 10 });
    expect(ratio(outcomeOf({ usage, perTokenMs: null, attempts: [long] }))).toBe(1);
  });

  test('a client that reads slowly harms nobody', () => {
    expect(ratio(outcomeOf({ attempts: [attemptOf({ totalMs: 600_000 })] }))).toBe(1);
    const paused = outcomeOf({ perTokenMs: null, attempts: [attemptOf({ totalMs: 600_000 })] });
    expect(ratio(paused)).toBe(1);
  });

  test('a habit settles where the corrected promise is kept as far as the root of the lateness', () => {
    let beliefs = NO_BELIEFS;
    for (let i = 0; i < 400; i++) {
      const correction = beliefs.reputation.get(A)?.latencyRatio ?? 1;
      const attempt = attemptOf({
        ttftMs: null,
        totalMs: 4_360,
        promisedTtftMs: 100 * correction,
        promisedLatencyMs: 1_090 * correction,
      });
      beliefs = learn([outcomeOf({ perTokenMs: null, attempts: [attempt] })], beliefs);
    }
    expect(beliefs.reputation.get(A)!.latencyRatio).toBeCloseTo(2, 2);
  });
});

describe('for any history', () => {
  const wild = fc.oneof(
    fc.constantFrom(0, 1, 1e308, Number.NaN),
    fc.double({ min: 0, noNaN: true }),
  );
  const attempt: fc.Arbitrary<AttemptRecord> = fc.record({
    instance: fc.constantFrom('a', 'b', 'c').map((id) => id as InstanceId),
    result: fc.constantFrom('ok', 'connect', 'status', 'timeout', 'cut', 'aborted'),
    status: fc.option(fc.constantFrom(200, 400, 500)),
    ttftMs: fc.option(wild),
    totalMs: wild,
    promisedTtftMs: fc.option(wild),
    promisedLatencyMs: fc.option(wild),
    promisedWaitMs: fc.option(wild),
    promisedOutputTokens: fc.option(wild),
    batch: fc.option(wild),
    turns: fc.option(wild),
    pendingTokens: fc.option(wild),
  });
  const outcome: fc.Arbitrary<Outcome> = fc
    .record({
      atMs: fc.integer({ min: 0, max: 2e12 }),
      surface: fc.constantFrom('chat' as const, 'embeddings' as const),
      tenant: fc.string().map((name) => name as TenantId),
      archetype: fc.constantFrom('x', 'y'),
      promptBytes: wild,
      status: fc.constantFrom('ok' as const, 'ok' as const, 'cut' as const),
      finishReason: fc.option(fc.constantFrom('stop', 'length')),
      usage: fc.record({
        promptTokens: wild,
        cachedTokens: wild,
        outputTokens: wild,
        isEstimated: fc.boolean(),
      }),
      perTokenMs: fc.option(wild),
      attempts: fc.array(attempt, { minLength: 1, maxLength: 3 }),
    })
    .map((each) => outcomeOf({ ...each, instance: each.attempts.at(-1)!.instance }));
  const history = fc.array(outcome, { maxLength: 30 });

  test('every belief is finite and in range, and survives the store unchanged', () => {
    fc.assert(
      fc.property(history, (outcomes) => {
        const learned = learn(outcomes);
        // The reader refuses what is not finite or out of range.
        expect(beliefsFromJson(beliefsToJson(learned))).toEqual(learned);
      }),
    );
  });

  test('the same history teaches the same', () => {
    fc.assert(
      fc.property(history, (outcomes) => {
        expect(learn(outcomes)).toEqual(learn(outcomes));
      }),
    );
  });
});

test('the tables stop growing; what others fall back on stays', () => {
  const many = Array.from({ length: 6_000 }, (_, i) =>
    outcomeOf({
      tenant: `tenant-${i}` as TenantId,
      archetype: `shape-${i}`,
      instance: `i-${i}` as InstanceId,
      attempts: [attemptOf({ instance: `i-${i}` as InstanceId })],
    }),
  );
  const learned = learn(many);
  expect(learned.bytesPerToken.size).toBe(4_096);
  expect(learned.bytesPerToken.has('tenant-0|m')).toBe(false);
  expect(learned.outputTokens.size).toBeLessThanOrEqual(1_024);
  expect(learned.timing.size).toBe(1_024);
  expect(learned.reputation.size).toBe(1_024);
  expect(learned.bytesPerToken.has('*|m')).toBe(true);
  expect(learned.outputTokens.has('*|*')).toBe(true);
  expect(learned.timing.has('i-5999' as InstanceId)).toBe(true);
});

describe('a stored document', () => {
  const good = JSON.parse(beliefsToJson(learn([outcomeOf(), failing('timeout')]))) as Record<
    string,
    unknown
  >;
  const read = (changes: Record<string, unknown>) =>
    beliefsFromJson(JSON.stringify({ ...good, ...changes }));

  test('is taken whole or not at all', () => {
    expect(read({})).not.toBeNull();
    const estimate = { mean: 1, variance: 1, weight: 1 };
    const shortLine = {
      coefficients: [1],
      covariance: [1],
      spread: 1,
      tail: 1,
      drift: 0,
      weight: 1,
    };
    const bad: Record<string, unknown>[] = [
      { version: 1 },
      { generation: -1 },
      { timing: null },
      { timing: [['a', { ...estimate }]] },
      { timing: [['a', { ttftMs: shortLine, perTokenMs: null, cachedRatio: null }]] },
      { outputTokens: [['k', { ...estimate, mean: null }]] },
      { outputTokens: [['k', { ...estimate, variance: -1 }]] },
      { outputTokens: [['k']] },
      { outputTokens: [[1, estimate]] },
      { outputTokens: Array.from({ length: 2_000 }, (_, i) => [`k${i}`, estimate]) },
      { reputation: [['a', { latencyRatio: 0.5, failureRatio: 0, observations: 1, atMs: 0 }]] },
      { reputation: [['a', { latencyRatio: 1, failureRatio: 2, observations: 1, atMs: 0 }]] },
    ];
    for (const changes of bad)
      expect(read(changes), JSON.stringify(changes).slice(0, 80)).toBeNull();
  });

  test('that is no document gives null, and nothing throws', () => {
    for (const text of ['', '{', '[]', 'null', '7', '{"version":1}']) {
      expect(beliefsFromJson(text)).toBeNull();
    }
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(beliefsFromJson(text)).toBeNull();
      }),
    );
  });
});
