import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accuracyKey, NO_BELIEFS } from '../contract/index.ts';
import type { AccuracyRecord, Beliefs, ComplexityBand, Model } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { accuracyPosterior, bandOf, countVerdict, faded, NO_RECORD } from './index.ts';

const M = 'm' as ModelId;
const NOW = 1_700_000_000_000;
const AT = { nowMs: NOW, halfLifeMs: 86_400_000 };

const modelOf = (card: number | null, byDomain: Record<string, number> = {}): Model =>
  ({
    id: M,
    accuracy: { default: card, byDomain: new Map(Object.entries(byDomain)), questions: 100 },
  }) as unknown as Model;

const record = (right: number, wrong: number): AccuracyRecord => ({ right, wrong, atMs: NOW });

const believing = (entries: Readonly<Record<string, AccuracyRecord>>): Beliefs => ({
  ...NO_BELIEFS,
  accuracy: new Map(Object.entries(entries)),
});

const counts = fc.record({
  right: fc.double({ min: 0, max: 1e4, noNaN: true }),
  wrong: fc.double({ min: 0, max: 1e4, noNaN: true }),
});
const topics = fc.constantFrom(
  null,
  { domain: 'math', band: null },
  { domain: 'math', band: 'hard' as ComplexityBand },
);

describe('the posterior', () => {
  test('is the card where there is no verdict, and unknown where there is neither', () => {
    const topic = { domain: 'math', band: 'hard' as const };
    expect(accuracyPosterior(modelOf(0.7), NO_BELIEFS, topic, AT)).toEqual({
      mean: 0.7,
      deviation: Math.sqrt((0.7 * 0.3) / 101),
    });
    expect(accuracyPosterior(modelOf(0.7, { math: 0.4 }), NO_BELIEFS, topic, AT)?.mean).toBe(0.4);
    expect(accuracyPosterior(modelOf(null), NO_BELIEFS, topic, AT)).toBeNull();
  });

  test('of a model without a card begins at a coin flip', () => {
    const beliefs = believing({ m: record(3, 0) });
    expect(accuracyPosterior(modelOf(null), beliefs, null, AT)?.mean).toBeCloseTo(4 / 5);
  });

  test('as many verdicts as the card has questions weigh as much as the card', () => {
    const beliefs = believing({ m: record(50, 50) });
    expect(accuracyPosterior(modelOf(0.9), beliefs, null, AT)?.mean).toBeCloseTo(0.7);
  });

  test('a domain and its band leave the model at large as they gain verdicts of their own', () => {
    const few = believing({ m: record(90, 10), 'm|math': record(0, 2) });
    const many = believing({
      m: record(90, 100),
      'm|math': record(10, 90),
      'm|math|hard': record(0, 80),
    });
    const on = (beliefs: Beliefs, band: ComplexityBand | null) =>
      accuracyPosterior(modelOf(0.9), beliefs, { domain: 'math', band }, AT)!.mean;
    expect(on(few, null)).toBeGreaterThan(0.75);
    expect(on(many, null)).toBeLessThan(0.25);
    expect(on(many, 'hard')).toBeLessThan(0.05);
    expect(on(many, 'easy')).toBe(on(many, null));
  });

  test('verdicts elsewhere move a domain of the card along', () => {
    const beliefs = believing({ m: record(20, 80) });
    const before = accuracyPosterior(modelOf(0.8, { math: 0.6 }), NO_BELIEFS, null, AT)!;
    const at = accuracyPosterior(
      modelOf(0.8, { math: 0.6 }),
      beliefs,
      { domain: 'math', band: null },
      AT,
    )!;
    expect(before.mean).toBe(0.8);
    expect(at.mean).toBeLessThan(0.4);
  });

  test('after a drift the card counts little', () => {
    const alarm = { atMs: NOW, before: 0.9, after: 0.5, verdicts: 60 };
    const suspected = { right: 0, wrong: 0, count: 0, scored: 0, evidence: 0 };
    const reference = { ...record(30, 30), offsets: {} };
    const drift = { reference, likelihoods: [], ratios: [], evidence: 0, suspected, alarm };
    const beliefs = { ...believing({ m: record(30, 30) }), drift: new Map([[M, drift]]) };
    expect(accuracyPosterior(modelOf(0.9), beliefs, null, AT)!.mean).toBeLessThan(0.6);
  });

  test('stays within 0 and 1, and a right answer never lowers it', () => {
    fc.assert(
      fc.property(
        fc.tuple(counts, counts, counts),
        topics,
        fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        ([whole, domain, cell], topic, card) => {
          const beliefs = (extra: number): Beliefs => {
            const add = ({ right, wrong }: typeof whole) => record(right + extra, wrong);
            return believing({
              m: add(whole),
              'm|math': add(domain),
              'm|math|hard': add(cell),
            });
          };
          const model = modelOf(card, { math: 0.5 });
          const before = accuracyPosterior(model, beliefs(0), topic, AT)!;
          const after = accuracyPosterior(model, beliefs(1), topic, AT)!;
          for (const { mean, deviation } of [before, after]) {
            expect(mean).toBeGreaterThanOrEqual(0);
            expect(mean).toBeLessThanOrEqual(1);
            expect(deviation).toBeGreaterThanOrEqual(0);
            expect(deviation).toBeLessThanOrEqual(0.5);
          }
          expect(after.mean).toBeGreaterThanOrEqual(before.mean - 1e-12);
        },
      ),
    );
  });
});

describe('records', () => {
  test('halve in their half-life of verdicts, and in that of time', () => {
    const rule = { halfLifeVerdicts: 10, halfLifeMs: 1_000 };
    let counted = record(100, 0);
    for (let i = 0; i < 10; i++) {
      counted = countVerdict(counted, { score: 0, weight: 1, atMs: NOW }, rule);
    }
    expect(counted.right).toBeCloseTo(50);
    expect(faded(counted, NOW + 1_000, 1_000).right).toBeCloseTo(25);
    expect(faded(counted, NOW - 5_000, 1_000)).toBe(counted);
  });

  test('never hold more than the half-life allows', () => {
    const rule = { halfLifeVerdicts: 100, halfLifeMs: 1_000_000 };
    let counted = NO_RECORD;
    for (let i = 0; i < 5_000; i++) {
      counted = countVerdict(counted, { score: 1, weight: 1, atMs: NOW + i }, rule);
    }
    expect(counted.right).toBeLessThan(100 / Math.log(2) + 1);
    expect(counted.right).toBeGreaterThan(130);
  });

  test('keys and bands', () => {
    expect(accuracyKey(M, null, 'hard')).toBe('m');
    expect(accuracyKey(M, 'law', null)).toBe('m|law');
    expect(accuracyKey(M, 'law', 'easy')).toBe('m|law|easy');
    expect([0, 0.33, 0.34, 0.66, 0.67, 1].map(bandOf)).toEqual([
      'easy',
      'easy',
      'medium',
      'medium',
      'hard',
      'hard',
    ]);
  });
});
