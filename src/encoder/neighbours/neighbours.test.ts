import { describe, expect, test } from 'vitest';
import { createLexicalReader } from './lexical.ts';
import { findRepeatedTurn } from './repeated-turn.ts';
import { createSimilaritySet } from './similarity-set.ts';
import { createToolIndex, toolText } from './tool-index.ts';

const unit = (...values: number[]): Float32Array => {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
};

describe('words', () => {
  const bucketsOf = (text: string): number[] => {
    const { buckets, count } = createLexicalReader(14).read(text);
    return [...buckets.subarray(0, count)];
  };

  // As training/bourse/intents/lexical.py has them.
  test('words and pairs of words, each once, as the trainer hashes them', () => {
    expect(bucketsOf('Turn ON the lamp, turn on')).toEqual([
      4841, 10464, 0, 8810, 11540, 16349, 399, 10998,
    ]);
    expect(bucketsOf('Größe 東京')).toEqual([8551, 2588, 14167, 3350, 10578]);
  });

  test('case and marks change nothing, order does', () => {
    expect(bucketsOf('Lamp: ON!')).toEqual(bucketsOf('lamp on'));
    expect(bucketsOf('on lamp')).not.toEqual(bucketsOf('lamp on'));
    expect(bucketsOf('... --- !!!')).toEqual([]);
  });
});

describe('similarity', () => {
  test('of a set: to the most similar and on average', () => {
    const set = createSimilaritySet([unit(1, 0, 0), unit(0, 1, 0)]);
    expect(set.max(unit(1, 0, 0))).toBeCloseTo(1, 6);
    expect(set.mean(unit(1, 0, 0))).toBeCloseTo(0.5, 6);
  });

  test('to an empty set there is none', () => {
    const set = createSimilaritySet([]);
    expect([set.max(unit(1, 0)), set.mean(unit(1, 0))]).toEqual([-1, -1]);
  });
});

describe('tools', () => {
  const tools = [
    { name: 'getWeather', description: 'Forecast for a city', vector: unit(1, 0.2, 0) },
    { name: 'send_mail', description: 'Send a message', vector: unit(0, 1, 0.2) },
    { name: 'convert', description: 'Convert zlotys to kroner', vector: unit(0.2, 0.9, 0.3) },
  ];

  test('are ranked by their vectors', () => {
    expect(createToolIndex(tools).rank('rain tomorrow?', unit(1, 0, 0))[0]).toBe(0);
  });

  test('and by rare words where the vectors are alike', () => {
    expect(createToolIndex(tools).rank('how many zlotys', unit(0.1, 1, 0.2))[0]).toBe(2);
  });

  test('are known by their names in words', () => {
    expect(toolText('getUserWeather_v2', 'By city.')).toBe('get User Weather v2: By city.');
    expect(toolText('mail', '')).toBe('mail');
  });

  test('of no tools there is no ranking', () => {
    expect(createToolIndex([]).rank('anything', unit(1, 0))).toEqual([]);
  });
});

describe('a repeated turn', () => {
  const [question, other] = [unit(1, 0, 0.1), unit(0, 1, 0)];

  test('is found among the earlier ones, the latest first', () => {
    const found = findRepeatedTurn(unit(1, 0.05, 0.1), [question, other, question, other]);
    expect(found.turnsAgo).toBe(2);
    expect(found.probability).toBeGreaterThan(0.9);
  });

  test('is not where the earlier ones are of something else, or where there are none', () => {
    expect(findRepeatedTurn(question, [other]).probability).toBeLessThan(0.01);
    expect(findRepeatedTurn(question, [])).toEqual({ similarity: -1, probability: 0, turnsAgo: 0 });
  });
});
