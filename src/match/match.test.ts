import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createFastModels } from '../encoder/index.ts';
import { isShipped, shippedFile } from '../encoder/fixtures/shipped.ts';
import { createRng } from '../kernel/index.ts';
import { compareAnswers } from './compare-answers.ts';
import { Matcher } from './matcher.ts';
import { pairQuestions } from './pair.ts';
import type { QuestionPair } from './pair.ts';
import { readPhrase, stemOf } from './phrase.ts';
import { RiskControl } from './risk-control.ts';
import { SHIPPED_PRIOR } from './shipped-prior.ts';
import { VectorIndex } from './vector-index.ts';
import { createWordMeanings } from './word-meanings.ts';

const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

describe('words', () => {
  test.each([
    ['stopping', 'stop'],
    ['stopped', 'stop'],
    ['cards', 'card'],
    ['deliveries', 'delivery'],
    ['boxes', 'box'],
    ['is', 'is'],
    ['address', 'address'],
    ['calling', 'call'],
  ])('%s comes to %s', (word, stem) => {
    expect(stemOf(word)).toBe(stem);
  });

  test('are told in any script, and a long text costs no more than a short one', () => {
    const meanings = () => ({ vector: new Float32Array(2), weight: 1 });
    expect(readPhrase('Wie heißt «Ärger»?', meanings).words.map(({ text }) => text)).toEqual([
      'wie',
      'heißt',
      'arger',
    ]);
    expect(readPhrase('word '.repeat(100_000), meanings).words).toHaveLength(64);
  });
});

describe.skipIf(!isShipped('static-encoder.safetensors'))('what ships', () => {
  const { encoder } = createFastModels(shippedFile);
  const meanings = createWordMeanings(encoder);
  const matcher = new Matcher(SHIPPED_PRIOR);
  const logOddsOf = ({ text_a: a, text_b: b }: Readonly<Record<string, string>>): number =>
    matcher.logOdds(
      pairQuestions(readPhrase(b!, meanings), readPhrase(a!, meanings), {
        cosine: dot(encoder.embedOne(a!), encoder.embedOne(b!)),
        entry: 1,
      }),
    );
  const pairsOf = (name: string): Record<string, string>[] =>
    readFileSync(new URL(`../../test/cache/${name}`, import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);

  test('tells traps from rewordings before it has learned anything', () => {
    const traps = pairsOf('traps.jsonl').map(logOddsOf);
    const rewordings = pairsOf('paraphrases.jsonl').map(logOddsOf);
    expect(traps.length).toBeGreaterThanOrEqual(200);
    const passed = (all: readonly number[]): number => all.filter((odds) => odds >= 1).length;
    expect(passed(traps) / traps.length).toBeLessThanOrEqual(0.02);
    expect(passed(rewordings) / rewordings.length).toBeGreaterThanOrEqual(0.8);
  });

  test('says the same whichever of the two was asked first', () => {
    for (const pair of pairsOf('traps.jsonl').slice(0, 40)) {
      const turned = { text_a: pair['text_b']!, text_b: pair['text_a']! };
      expect(logOddsOf(pair)).toBeCloseTo(logOddsOf(turned), 0);
    }
  });

  test('answers are the same by their text, or by their meaning and numbers', () => {
    const by = { meanings, embedOne: (text: string) => encoder.embedOne(text) };
    const same = (a: string, b: string) => compareAnswers(a, b, by);
    expect(same('It takes 3 days.', 'it takes  3 days.')).toBe(true);
    expect(same('It takes 3 days.', 'It takes 5 days.')).toBe(false);
    expect(same('Send the lamp back within a month.', 'Send the tent back within a month.')).toBe(
      false,
    );
    expect(same('You can pay by card.', 'Volcanoes erupt when magma rises.')).toBe(false);
    expect(
      same('You can return the lamp within a month.', 'The lamp can be returned within a month.'),
    ).toBe(true);
  });
});

/** A pair whose one feature tells how alike the questions are. */
function pairOf(likeness: number): QuestionPair {
  const dense = new Float64Array(SHIPPED_PRIOR.weights.length);
  dense[0] = 1;
  dense[1] = likeness;
  return { dense, buckets: new Int32Array(0) };
}

describe('the error bound', () => {
  /** Pairs are the same with a chance that rises with their likeness. */
  function stream(maxErrorRate: number, seed: number, requests: number) {
    const rng = createRng(seed);
    const matcher = new Matcher(SHIPPED_PRIOR);
    const risk = new RiskControl({ maxErrorRate, exploreRatio: 0.05 });
    let hits = 0;
    let wrong = 0;
    for (let i = 0; i < requests; i++) {
      const likeness = rng.next();
      const isSame = rng.next() < likeness ** 3;
      const pair = pairOf(likeness);
      risk.countRequest();
      const logOdds = matcher.logOdds(pair);
      const choice = risk.choose(logOdds, rng.next());
      if (choice === 'serve') {
        risk.served(risk.wrongOf(logOdds));
        hits++;
        if (!isSame) wrong++;
      } else {
        risk.learn(logOdds, isSame, choice === 'explore');
        matcher.learn(pair, isSame);
      }
    }
    return { hits: hits / requests, wrong: wrong / requests };
  }

  test.each([0.01, 0.03, 0.1])(
    '%d holds on a stream that it does not know, and is used',
    (bound) => {
      for (const seed of [1, 2, 3]) {
        const { hits, wrong } = stream(bound, seed, 8_000);
        expect(wrong).toBeLessThanOrEqual(bound);
        expect(hits).toBeGreaterThan(bound);
      }
    },
  );

  test('nothing is served of questions that are never the same', () => {
    const rng = createRng(5);
    const matcher = new Matcher(SHIPPED_PRIOR);
    const risk = new RiskControl({ maxErrorRate: 0.02, exploreRatio: 0.05 });
    let wrong = 0;
    for (let i = 0; i < 4_000; i++) {
      const pair = pairOf(0.9 + 0.1 * rng.next());
      risk.countRequest();
      const logOdds = matcher.logOdds(pair);
      const choice = risk.choose(logOdds, rng.next());
      if (choice === 'serve') {
        risk.served(risk.wrongOf(logOdds));
        wrong++;
      } else {
        risk.learn(logOdds, false, choice === 'explore');
        matcher.learn(pair, false);
      }
    }
    expect(wrong / 4_000).toBeLessThanOrEqual(0.02);
  });

  test('the first requests are not served: nothing is known of them', () => {
    const risk = new RiskControl({ maxErrorRate: 0.02, exploreRatio: 0.05 });
    for (let i = 0; i < 50; i++) {
      risk.countRequest();
      expect(risk.choose(9, 0.99)).toBe('miss');
    }
  });
});

describe('a vector index', () => {
  function vectors(count: number, dimensions: number, seed: number): Float32Array[] {
    const rng = createRng(seed);
    return Array.from({ length: count }, () => {
      const vector = Float32Array.from({ length: dimensions }, () => rng.next() - 0.5);
      const norm = Math.hypot(...vector);
      return vector.map((value) => value / norm);
    });
  }

  test.each([
    [16, 40],
    [256, 3_000],
    [100, 1_000],
  ])('%d dimensions, %d rows: finds what a full search finds', (dimensions, count) => {
    const index = new VectorIndex(dimensions);
    const rows = vectors(count, dimensions, 3);
    for (const row of rows) index.add(row);
    const noise = vectors(30, dimensions, 4);
    for (const [i, other] of noise.entries()) {
      const target = rows[i]!;
      const mixed = target.map((value, k) => value + 0.4 * other[k]!);
      const norm = Math.hypot(...mixed);
      const asked = mixed.map((value) => value / norm);
      const [first] = index.nearest(asked, 4);
      const best = rows.reduce(
        (at, row, k) => (dot(row, asked) > dot(rows[at]!, asked) ? k : at),
        0,
      );
      expect(first!.place).toBe(best);
      expect(first!.cosine).toBeCloseTo(dot(rows[best]!, asked), 5);
    }
  });

  test('the nearest come first, a row that was removed does not, and its place is used again', () => {
    const index = new VectorIndex(4);
    const [a, b, c] = [
      Float32Array.of(1, 0, 0, 0),
      Float32Array.of(0.8, 0.6, 0, 0),
      Float32Array.of(0, 1, 0, 0),
    ];
    const places = [a, b, c].map((row) => index.add(row));
    const found = (): number[] => index.nearest(a, 3).map(({ place }) => place);
    expect(found()).toEqual(places);
    index.remove(places[0]!);
    expect(found()).toEqual(places.slice(1));
    expect(index.size).toBe(2);
    expect(index.add(a)).toBe(places[0]);
    expect(found()).toEqual(places);
  });
});
