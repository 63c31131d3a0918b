import { describe, expect, test } from 'vitest';
import { createRng } from '../kernel/index.ts';
import { Matcher } from './matcher.ts';
import { pairQuestions } from './pair.ts';
import type { QuestionPair } from './pair.ts';
import { readPhrase } from './phrase.ts';
import { SHIPPED_PRIOR } from './shipped-prior.ts';

const meanings = () => ({ vector: Float32Array.of(1, 0), weight: 1 });
const pairOf = (a: string, b: string): QuestionPair =>
  pairQuestions(readPhrase(a, meanings), readPhrase(b, meanings), { cosine: 0.9, entry: 1 });

describe('a matcher', () => {
  test('learns which words beside each other matter, in either order of the two questions', () => {
    const matcher = new Matcher(SHIPPED_PRIOR);
    // All have the same words, and only the run "open late" tells the ones that differ from the others.
    const differs = [pairOf('open late today shop', 'late today open shop'), false] as const;
    const same = [pairOf('today shop open late', 'shop today open late'), true] as const;
    for (let i = 0; i < 60; i++)
      for (const [pair, isSame] of [differs, same]) matcher.learn(pair, isSame);
    expect(matcher.logOdds(same[0])).toBeGreaterThan(1);
    expect(matcher.logOdds(differs[0])).toBeLessThan(-1);
    const turned = pairOf('late today open shop', 'open late today shop');
    expect(matcher.logOdds(turned)).toBeLessThan(0);
  });

  test('knows what it learned after its table has grown', () => {
    const matcher = new Matcher(SHIPPED_PRIOR);
    const rng = createRng(4);
    const known = pairOf('where is my parcel', 'where is my package');
    for (let i = 0; i < 40; i++) matcher.learn(known, true);
    const before = matcher.logOdds(known);
    const { dense } = known;
    const empty = new Float64Array(dense.length);
    for (let i = 0; i < 1_200; i++) {
      const buckets = Int32Array.from({ length: 40 }, () =>
        Math.floor((rng.next() - 0.5) * 2 ** 32),
      );
      matcher.learn({ dense: empty, buckets }, rng.next() < 0.5);
    }
    expect(Math.abs(matcher.logOdds(known) - before)).toBeLessThan(0.5);
  });

  test('a pair of another program version teaches nothing', () => {
    const matcher = new Matcher(SHIPPED_PRIOR);
    const known = pairOf('where is my parcel', 'where is my package');
    const before = matcher.logOdds(known);
    matcher.learn({ dense: known.dense.slice(1), buckets: known.buckets }, false);
    expect(matcher.logOdds(known)).toBe(before);
  });
});
