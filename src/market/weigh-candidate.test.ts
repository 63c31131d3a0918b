import { describe, expect, test } from 'vitest';
import type { Award, CacheCandidate, Mandate, Refusal, StoredHit } from '../contract/index.ts';
import { candidateAccuracy, weighCandidate } from './weigh-candidate.ts';

const hitOf = (accuracy: number | null): StoredHit =>
  ({ kind: 'stored-hit', entry: { answer: { accuracy } } }) as unknown as StoredHit;

const candidate = (over: Partial<CacheCandidate> = {}): CacheCandidate => ({
  kind: 'candidate',
  hit: hitOf(0.8),
  wrong: 0.1,
  choice: 'serve',
  maxErrorRate: 0.02,
  ...over,
});

const mandate = (usdPerError: number, minAccuracy: number | null = null): Mandate =>
  ({ objective: { usdPerError }, limits: { minAccuracy } }) as unknown as Mandate;

const awardAt = (score: number, hold?: object): Award =>
  ({ kind: 'award', ranked: [{ score }], ...(hold && { hold }) }) as unknown as Award;

const refused = (reason: Refusal['reason']): Refusal =>
  ({ kind: 'refusal', reason }) as unknown as Refusal;

describe('a stored answer as a bid', () => {
  test('is right where it fits and its model was right', () => {
    expect(candidateAccuracy(candidate())).toBeCloseTo(0.72, 9);
    expect(candidateAccuracy(candidate({ hit: hitOf(null) }))).toBeCloseTo(0.45, 9);
  });

  test('wins where its errors cost no more than the winner in all', () => {
    // 0.01 USD per error, wrong in 28 % of cases: 0.0028 USD.
    const one = candidate();
    expect(weighCandidate(one, awardAt(0.0029), mandate(0.01))).toBe(one.hit);
    expect(weighCandidate(one, awardAt(0.0027), mandate(0.01))).toBeNull();
  });

  test.each(['explore', 'miss'] as const)('never wins where the choice is %s', (choice) => {
    expect(weighCandidate(candidate({ choice }), awardAt(9), mandate(0))).toBeNull();
  });

  test('keeps the least accuracy of the request, and a session where it is held', () => {
    expect(weighCandidate(candidate(), awardAt(9), mandate(0, 0.75))).toBeNull();
    expect(weighCandidate(candidate(), awardAt(9, { by: 'tool-loop' }), mandate(0))).toBeNull();
  });

  test('stands alone where no instance is left, and never against a limit that refused', () => {
    const one = candidate();
    expect(weighCandidate(one, refused('no-eligible-model'), mandate(1))).toBe(one.hit);
    expect(weighCandidate(one, refused('limit-unmeetable'), mandate(1))).toBeNull();
  });
});
