import { expect, test } from 'vitest';
import { wordModels } from '../fixtures/word-models.ts';
import { RecordProblem, evaluateCache, parseRecords } from '../index.ts';
import { wilsonUpper } from './cache-report.ts';

const { encoder } = wordModels(false).fast();
const WORDS = 'red blue old new car bus hut house big small'.split(' ');

/** Every second pair asks the same in other words; the others ask for another thing. */
const LINES = Array.from({ length: 400 }, (_, i) => {
  const one = `the ${WORDS[i % 10]} ${WORDS[(i * 3) % 10]}`;
  const isSame = i % 2 === 0;
  const other = isSame ? `${one} please` : `the ${WORDS[(i + 5) % 10]} thing number ${i}`;
  return JSON.stringify({ text_a: one, text_b: other, label: isSame ? 1 : 0 });
});
const records = parseRecords('pairs.jsonl', LINES.join('\n'));

test('hits, errors and what a threshold would have done; the same for the same seed', () => {
  const run = (seed: number) =>
    evaluateCache(records, encoder, { maxErrorRate: 0.05, exploreRatio: 0.05, seed });
  const report = run(1);
  expect(Object.keys(report)).toEqual(['n', 'metrics', 'baselines']);
  expect(Object.keys(report.metrics)).toEqual(['hitRatio', 'errorRatio', 'upper95']);
  expect(Object.keys(report.baselines)).toEqual(['fixed', 'gptcache']);
  expect(report.n).toBe(400);
  expect(report.metrics.hitRatio).toBeGreaterThan(0.1);
  expect(report.metrics.errorRatio).toBeLessThanOrEqual(0.05);
  expect(report.baselines.fixed.errorRatio).toBeLessThanOrEqual(report.metrics.errorRatio);
  expect(run(1)).toEqual(report);
  expect(run(2)).not.toEqual(report);
});

test('the upper end of an interval is above what was seen, and comes down with more of it', () => {
  expect(wilsonUpper(0, 100)).toBeCloseTo(0.0263, 3);
  expect(wilsonUpper(0.02, 1_000)).toBeGreaterThan(0.02);
  expect(wilsonUpper(0.02, 100_000)).toBeLessThan(wilsonUpper(0.02, 1_000));
});

test('a record without a label is told by its line', () => {
  const bad = parseRecords('pairs.jsonl', `${LINES[0]}\n{"text_a": "x", "text_b": "y"}`);
  const options = { maxErrorRate: 0.05, exploreRatio: 0.05, seed: 1 };
  expect(() => evaluateCache(bad, encoder, options)).toThrow(RecordProblem);
  expect(() => evaluateCache(bad, encoder, options)).toThrow('pairs.jsonl:2:1');
});
