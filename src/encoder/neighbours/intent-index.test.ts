import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { calibrate } from './intent-calibration.ts';
import { createIntentIndex } from './intent-index.ts';
import type { IntentExample } from './intent-index.ts';

const DIMENSIONS = 12;

/** A vector of unit length near one axis; `tilt` leans it to the next. */
function near(axis: number, tilt = 0.2): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  vector[axis] = Math.sqrt(1 - tilt * tilt);
  vector[(axis + 1) % DIMENSIONS] = tilt;
  return vector;
}

const EXAMPLES: readonly IntentExample[] = [
  { label: 'refund', text: 'I want my money back', vector: near(0, 0.1) },
  { label: 'refund', text: 'please return what I paid', vector: near(0, 0.3) },
  { label: 'refund', text: 'refund the order', vector: near(0, 0.2) },
  { label: 'delivery', text: 'where is my parcel', vector: near(4, 0.1) },
  { label: 'delivery', text: 'when does the order arrive', vector: near(4, 0.3) },
  { label: 'delivery', text: 'track my parcel', vector: near(4, 0.2) },
];

describe('intents', () => {
  test('a text goes to the intent whose examples its vector is near', () => {
    const index = createIntentIndex(EXAMPLES);
    expect(index.labels).toEqual(['refund', 'delivery']);
    expect(index.exampleCount).toBe(6);
    const answer = index.classify('money returned?', near(0, 0.25));
    expect(answer.label).toBe('refund');
    expect(answer.isOutOfScope).toBe(false);
    expect(answer.confidence).toBeGreaterThan(0.8);
    expect(answer.margin).toBeGreaterThan(0.5);
  });

  test('words decide where the vectors cannot', () => {
    const same = near(2);
    const index = createIntentIndex([
      { label: 'on', text: 'switch the lamp on', vector: same },
      { label: 'on', text: 'turn on the lamp', vector: same },
      { label: 'off', text: 'switch the lamp off', vector: same },
      { label: 'off', text: 'turn off the lamp', vector: same },
    ]);
    expect(index.classify('lamp off, please', same).label).toBe('off');
    expect(index.classify('lamp on, please', same).label).toBe('on');
  });

  test('what is near no example is out of scope, and said so with an intent all the same', () => {
    const answer = createIntentIndex(EXAMPLES).classify('who painted this', near(8));
    expect(answer.isOutOfScope).toBe(true);
    expect(answer.inScope).toBeLessThan(0.1);
    expect(['refund', 'delivery']).toContain(answer.label);
  });

  test('one intent with one example tells in scope from out of it', () => {
    const index = createIntentIndex(EXAMPLES.slice(0, 1));
    expect(index.classify('money back', near(0, 0.12)).isOutOfScope).toBe(false);
    expect(index.classify('how tall is it', near(6)).isOutOfScope).toBe(true);
  });

  test('the same examples give the same answers', () => {
    const ask = (): unknown => createIntentIndex(EXAMPLES).classify('my parcel', near(3, 0.6));
    expect(ask()).toEqual(ask());
  });

  test('a loose space is judged by its own measure: cosines count relative to how tight intents are', () => {
    const loose = EXAMPLES.map((example, i) => {
      const vector = new Float32Array(64);
      vector.set(example.vector.map((value) => value * 0.7));
      vector[20 + i] = Math.sqrt(1 - 0.49);
      return { ...example, vector };
    });
    const asked = new Float32Array(64);
    asked.set(near(0).map((value) => value * 0.7));
    asked[40] = Math.sqrt(1 - 0.49);
    expect(createIntentIndex(loose).classify('give it back', asked).isOutOfScope).toBe(false);
  });

  test('hostile texts are read as far as is useful', () => {
    const index = createIntentIndex(EXAMPLES);
    for (const text of ['', 'a'.repeat(10_000_000), ' '.repeat(1_000_000), '\ud800'.repeat(1000)]) {
      const { confidence, inScope } = index.classify(text, new Float32Array(DIMENSIONS));
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(inScope).toBeLessThan(0.5);
    }
  });

  test('no example, or vectors of two spaces, are refused', () => {
    expect(() => createIntentIndex([])).toThrow(RangeError);
    const other = { label: 'x', text: 'x', vector: new Float32Array(3) };
    expect(() => createIntentIndex([...EXAMPLES, other])).toThrow(RangeError);
  });
});

interface Case {
  readonly features: readonly number[];
  readonly confidence: number;
  readonly inScope: number;
}

test('the constants are those that training/intent.py fitted', () => {
  const file = new URL('../../../models/fixtures/intent.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] };
  expect(cases.length).toBeGreaterThan(20);
  for (const { features, confidence, inScope } of cases) {
    const [logit, nearest, nearThree, centroid, lead, examples, classes] = features;
    const found = calibrate({
      probability: 1 / (1 + Math.exp(-logit!)),
      nearest: nearest!,
      near: nearThree!,
      centroid: centroid!,
      lead: lead!,
      examples: Math.exp(examples!),
      classes: Math.exp(classes!),
    });
    expect(found.confidence).toBeCloseTo(confidence, 2);
    expect(found.inScope).toBeCloseTo(inScope, 2);
  }
});
