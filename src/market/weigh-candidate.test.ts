import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Award, CacheCandidate, Mandate, Refusal, StoredHit } from '../contract/index.ts';
import { weighCandidate } from './weigh-candidate.ts';

const hitOf = (accuracy: number | null): StoredHit =>
  ({
    kind: 'stored-hit',
    entry: { answer: { accuracy, model: 'author' } },
  }) as unknown as StoredHit;

const candidate = (over: Partial<CacheCandidate> = {}): CacheCandidate => ({
  kind: 'candidate',
  hit: hitOf(0.8),
  wrong: 0.1,
  choice: 'serve',
  maxErrorRate: 0.02,
  prefer: 'market',
  ...over,
});

const mandate = (usdPerError: number, minAccuracy: number | null = null): Mandate =>
  ({ objective: { usdPerError }, limits: { minAccuracy } }) as unknown as Mandate;

const awardAt = (score: number, hold?: object): Award =>
  ({
    kind: 'award',
    ranked: [{ score, instance: { model: { id: 'other' } }, accuracy: null }],
    ...(hold && { hold }),
  }) as unknown as Award;

/** The winner, and behind it a bid of the model that wrote the stored answer. */
const awardWithAuthor = (score: number, accuracy: number | null): Award =>
  ({
    kind: 'award',
    ranked: [
      { score, instance: { model: { id: 'other' } }, accuracy: null },
      {
        score: score + 1,
        instance: { model: { id: 'author' } },
        accuracy: accuracy === null ? null : { mean: accuracy, deviation: 0 },
      },
    ],
  }) as unknown as Award;

const refused = (reason: Refusal['reason']): Refusal =>
  ({ kind: 'refusal', reason }) as unknown as Refusal;

describe('a stored answer as a bid', () => {
  test('prefer: market: it is right where it fits and its model was right', () => {
    // 0.01 USD per error, wrong in 28 % of cases: 0.0028 USD.
    const one = candidate();
    expect(weighCandidate(one, awardAt(0.0029), mandate(0.01))).toBe(one.hit);
    expect(weighCandidate(one, awardAt(0.0027), mandate(0.01))).toBeNull();
  });

  test('prefer: cache: that it may not fit is what the bound is for; what its model is worth still counts', () => {
    // 0.01 USD per error, its model wrong in 20 % of cases: 0.002 USD.
    const one = candidate({ prefer: 'cache' });
    expect(weighCandidate(one, awardAt(0.0021), mandate(0.01))).toBe(one.hit);
    expect(weighCandidate(one, awardAt(0.0019), mandate(0.01))).toBeNull();
  });

  test('an accuracy that nobody knows is a coin flip', () => {
    const one = candidate({ prefer: 'cache', hit: hitOf(null) });
    expect(weighCandidate(one, awardAt(0.0051), mandate(0.01))).toBe(one.hit);
    expect(weighCandidate(one, awardAt(0.0049), mandate(0.01))).toBeNull();
  });

  test('the model that wrote it is believed as it is by now', () => {
    const one = candidate({ prefer: 'cache' });
    expect(weighCandidate(one, awardWithAuthor(0.0015, 0.9), mandate(0.01))).toBe(one.hit);
    expect(weighCandidate(one, awardWithAuthor(0.0029, 0.7), mandate(0.01))).toBeNull();
    expect(weighCandidate(one, awardWithAuthor(0.0021, null), mandate(0.01))).toBe(one.hit);
  });

  test('prefer: cache: it never loses to the model that wrote it, nor to one that is no better', () => {
    const accuracy = fc.double({ min: 0, max: 1, noNaN: true });
    const price = fc.double({ min: 0, max: 1, noNaN: true });
    const run = fc.record({
      author: accuracy,
      worse: accuracy,
      cost: price,
      price,
      wrong: accuracy,
    });
    fc.assert(
      fc.property(run, ({ author, worse, cost, price: usdPerError, wrong }) => {
        const theirs = Math.min(author, worse);
        const one = candidate({ prefer: 'cache', hit: hitOf(author), wrong });
        const score = cost + usdPerError * (1 - theirs);
        expect(weighCandidate(one, awardAt(score), mandate(usdPerError))).toBe(one.hit);
      }),
    );
  });

  test.each(['explore', 'miss'] as const)('never wins where the choice is %s', (choice) => {
    expect(weighCandidate(candidate({ choice }), awardAt(9), mandate(0))).toBeNull();
  });

  test.each(['cache', 'market'] as const)(
    'prefer: %s: keeps the least accuracy of the request, and a session where it is held',
    (prefer) => {
      const one = candidate({ prefer });
      expect(weighCandidate(one, awardAt(9), mandate(0, 0.75))).toBeNull();
      expect(weighCandidate(one, awardAt(9), mandate(0, 0.71))).toBe(one.hit);
      expect(weighCandidate(one, awardAt(9, { by: 'tool-loop' }), mandate(0))).toBeNull();
    },
  );

  test('stands alone where no instance is left, and never against a limit that refused', () => {
    const one = candidate();
    expect(weighCandidate(one, refused('no-eligible-model'), mandate(1))).toBe(one.hit);
    expect(weighCandidate(one, refused('limit-unmeetable'), mandate(1))).toBeNull();
  });
});
