import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { madeUpTable, wordEncoder } from '../../quality/fixtures/made-up-table.ts';
import { QualityModel, trainQuality } from '../../quality/index.ts';
import { EvaluationProblem } from '../evaluation.ts';
import { RecordProblem } from '../records.ts';
import { callCurve } from './call-curve.ts';
import { aiq, sweepPoints } from './cost-hull.ts';
import { parseOutcomes } from './outcome-records.ts';
import { evaluateRouter } from './router-report.ts';
import { trainRouter } from './train-router.ts';

describe('calls to the strong model', () => {
  const weak = [1, 1, 0, 0];
  const strong = [1, 1, 1, 1];

  test('worst, best and constant order', () => {
    // All is gained in the first half, evenly: PGR rises to 1 at .5.
    expect(callCurve([0, 0, 1, 1], { weak, strong })).toEqual({
      apgr: 0.75,
      cpt50: 0.25,
      cpt80: 0.4,
    });
    expect(callCurve([1, 1, 0, 0], { weak, strong })).toEqual({
      apgr: 0.25,
      cpt50: 0.75,
      cpt80: 0.9,
    });
    expect(callCurve([7, 7, 7, 7], { weak, strong })).toEqual({
      apgr: 0.5,
      cpt50: 0.5,
      cpt80: 0.8,
    });
  });

  test('a strong model that is no better has no curve', () => {
    expect(callCurve([1, 2], { weak: [1, 0], strong: [0, 1] })).toBeNull();
  });

  test('no order beats the one by true gain, and the order of equals does not matter', () => {
    const row = fc.record({
      score: fc.integer({ max: 3, min: 0 }),
      weak: fc.double({ min: 0, max: 1, noNaN: true }),
      strong: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 30 }), (rows) => {
        const outcomes = { weak: rows.map((r) => r.weak), strong: rows.map((r) => r.strong) };
        const gain = outcomes.strong.reduce((sum, own, i) => sum + own - outcomes.weak[i]!, 0);
        fc.pre(gain > 0.01);
        const own = callCurve(
          rows.map((r) => r.score),
          outcomes,
        )!;
        const oracle = callCurve(
          rows.map((r) => r.strong - r.weak),
          outcomes,
        )!;
        expect(own.apgr).toBeLessThanOrEqual(oracle.apgr + 1e-9);
        const turned = rows.toReversed();
        const other = callCurve(
          turned.map((r) => r.score),
          { weak: turned.map((r) => r.weak), strong: turned.map((r) => r.strong) },
        )!;
        expect(other.apgr).toBeCloseTo(own.apgr, 6);
        for (const { cpt50, cpt80 } of [own, oracle]) {
          expect(cpt50).toBeGreaterThanOrEqual(0);
          expect(cpt80).toBeGreaterThanOrEqual(cpt50);
          expect(cpt80).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe('quality over cost', () => {
  const singles = [
    { costUsd: 1, quality: 0.2 },
    { costUsd: 3, quality: 0.8 },
    { costUsd: 2, quality: 0.3 },
  ];

  test('is the mean under the hull', () => {
    expect(aiq(singles, singles)).toBeCloseTo(0.5, 9);
    expect(aiq([{ costUsd: 1, quality: 0.8 }], singles)).toBeCloseTo(0.8, 9);
    expect(aiq([{ costUsd: 2, quality: 0.8 }], singles)).toBeCloseTo(0.65, 9);
    expect(aiq([{ costUsd: 9, quality: 0.1 }], singles)).toBeCloseTo(0.2, 9);
  });

  test('is null where all cost the same', () => {
    expect(aiq(singles, [singles[0]!])).toBeNull();
  });

  test('who knows the outcomes pays the dear model only where it is right alone', () => {
    const outcomes = {
      quality: [Float64Array.of(1, 0, 0), Float64Array.of(1, 1, 0)],
      costUsd: [Float64Array.of(1, 1, 1), Float64Array.of(4, 4, 4)],
    };
    const best = sweepPoints(outcomes, outcomes);
    expect(best).toContainEqual({ costUsd: 2, quality: 2 / 3 });
    expect(best).toContainEqual({ costUsd: 1, quality: 1 / 3 });
  });
});

describe('a table of outcomes', () => {
  const line = (row: unknown): string => JSON.stringify(row);
  const parse = (...rows: unknown[]) => parseOutcomes('data.jsonl', rows.map(line).join('\n'));

  test('in each of its shapes; null and missing are not known', () => {
    const { models, labels } = parse(
      { prompt: 'a', correct: { x: 1, y: null }, category: 'law', src: 's1', out_chars: { x: 9 } },
      { prompt: 'b', score: { x: 0.5 }, category: 'law', src: 's2', cost: { x: 0.1, y: null } },
      {
        prompt: 'c',
        winprob_vs_other: { x: 0, y: true },
        category: 'math',
        src: 's3',
        outchars: { y: 3 },
      },
    );
    const [x, y] = models;
    expect([...x!.correct]).toEqual([1, 0.5, 0]);
    expect([...y!.correct]).toEqual([Number.NaN, Number.NaN, 1]);
    expect([...x!.costUsd]).toEqual([Number.NaN, 0.1, Number.NaN]);
    expect([...y!.outputCharacters]).toEqual([Number.NaN, Number.NaN, 3]);
    expect(labels[0]).toEqual(['category=law', 'src=s1']);
  });

  test.each([
    [{ prompt: 3, correct: {} }, /^data\.jsonl:2:2: "prompt" must be a text/],
    [{ prompt: 'a' }, /^data\.jsonl:2:1: "correct" or "score" must be/],
    [{ prompt: 'a', correct: [1] }, /^data\.jsonl:2:\d+: "correct" must be an object/],
    [
      { prompt: 'a', correct: { x: 2 } },
      /^data\.jsonl:2:\d+: "correct" of "x" must be a number from 0 to 1/,
    ],
    [{ prompt: 'a', correct: { x: '1' } }, /of "x" must be/],
    [
      { prompt: 'a', correct: { x: 1 }, cost: { x: -1 } },
      /"cost" of "x" must be a number, zero or more/,
    ],
  ])('%j is refused by place', (row, message) => {
    const read = (): unknown => parse({ prompt: 'good', correct: { x: 1 } }, row);
    expect(read).toThrow(RecordProblem);
    expect(read).toThrow(message);
  });

  test('without one outcome is refused', () => {
    expect(() => parse({ prompt: 'a', correct: { x: null } })).toThrow(/no line of the file/);
  });
});

describe('the report', () => {
  const model = new QualityModel(
    trainQuality([madeUpTable(240)], { encoder: wordEncoder, seed: 1 }),
    wordEncoder,
  );

  test('beats what does not read, stays below who knows, and takes the cheapest and the best by itself', () => {
    const { report, pair, zeroAiq } = evaluateRouter(model, madeUpTable(200, 9), null);
    const { n, metrics, baselines } = report;
    expect(pair).toEqual(['small', 'large']);
    expect(n).toBe(200);
    expect(Object.keys(baselines)).toEqual([
      'random',
      'length',
      'categoryMean',
      'bestSingle',
      'oracle',
    ]);
    expect(baselines.random).toMatchObject({ apgr: 0.5, cpt50: 0.5, cpt80: 0.8 });
    for (const key of ['apgr', 'aiq'] as const) {
      expect(metrics[key]!).toBeGreaterThan(baselines.random[key]! + 0.02);
      expect(metrics[key]!).toBeGreaterThan(baselines.bestSingle[key]! - 0.01);
      expect(metrics[key]!).toBeLessThan(baselines.oracle[key]!);
      expect(metrics[key]!).toBeGreaterThan(baselines.categoryMean[key]! - 0.03);
    }
    expect(metrics.aiq!).toBeGreaterThan(zeroAiq!);
  });

  test('has no AIQ without costs', () => {
    const table = madeUpTable(40, 9);
    const unpriced = table.models.map((one) => ({ ...one, costUsd: one.costUsd.fill(Number.NaN) }));
    const { report } = evaluateRouter(model, { ...table, models: unpriced }, ['other', 'large']);
    expect(report.metrics.apgr).not.toBeNull();
    expect([report.metrics.aiq, report.baselines.oracle.aiq]).toEqual([null, null]);
  });

  test('a model that one side does not know, or one model alone, is a problem that says so', () => {
    const table = madeUpTable(20);
    const run = (pair: readonly [string, string]) => () => evaluateRouter(model, table, pair);
    expect(run(['small', 'nobody'])).toThrow(
      /"nobody", but the data has no outcome of it; both know/,
    );
    expect(run(['small', 'small'])).toThrow(/two different models/);
    const stranger = { ...table, models: [{ ...table.models[0]!, id: 'stranger' }] };
    expect(() => evaluateRouter(model, stranger, null)).toThrow(EvaluationProblem);
    expect(() => evaluateRouter(model, stranger, ['stranger', 'small'])).toThrow(
      /not trained on it/,
    );
  });

  test('too few prompts teach nothing', () => {
    expect(() => trainRouter([madeUpTable(4)], { encoder: wordEncoder, seed: 1 })).toThrow(
      /there are 4 prompts/,
    );
  });
});
