import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConfidenceRecord } from '../contract/index.ts';
import { createRng } from '../kernel/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { believedOf, confidencesOf, isConfidenceRecord, learnConfidence } from './confidence.ts';
import { confidenceKey, followingKey, observeConfidence, priorConfidence } from './confidence.ts';
import { probabilityAt, standardized } from './confidence.ts';

const KEY = confidenceKey('m' as ModelId, 'meanLogprob');
const PRIOR = priorConfidence(KEY);

/** Right answers are `truth` deviations apart in z, of which the base rate is known. */
function taught(slope: number, offset: number, verdicts: number): ConfidenceRecord {
  const rng = createRng(3);
  let record = PRIOR;
  for (let i = 0; i < verdicts; i++) {
    const z = Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
    const p = 1 / (1 + Math.exp(-(offset + slope * z)));
    const score = rng.next() < p ? 1 : 0;
    record = learnConfidence(record, z, { believed: 0.5, score, reliability: 1 }, PRIOR);
  }
  return record;
}

describe('what a confidence tells', () => {
  test('is learned: slope and offset of the truth after some hundred verdicts', () => {
    for (const [slope, offset] of [
      [0, 0],
      [0.8, 0.5],
      [1.6, -0.7],
    ] as const) {
      const record = taught(slope, offset, 1500);
      expect(Math.abs(record.slope - slope)).toBeLessThan(0.25);
      expect(Math.abs(record.offset - offset)).toBeLessThan(0.25);
    }
  });

  test('never falls as the confidence rises, and never leaves 0 to 1', () => {
    const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    const verdict = fc.record({
      value: finite,
      score: fc.constantFrom(0, 0.5, 1),
      r: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(verdict, { maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, believed) => {
          let record = PRIOR;
          for (const { value, score, r } of all) {
            record = observeConfidence(record, value);
            const z = standardized(record, value);
            record = learnConfidence(record, z, { believed, score, reliability: r }, PRIOR);
          }
          expect(isConfidenceRecord(record)).toBe(true);
          let before = 0;
          for (const z of [-3, -1, 0, 1, 3]) {
            const p = probabilityAt(record, z, believed);
            expect(p).toBeGreaterThanOrEqual(before);
            expect(p).toBeLessThanOrEqual(1);
            before = p;
          }
        },
      ),
    );
  });

  test('is, before anything was seen, what is believed of the model at the usual confidence', () => {
    const usual = { kind: 'meanLogprob', value: -0.3, believed: 0.7 } as const;
    expect(believedOf({ confidence: new Map() }, 'm' as ModelId, usual)).toBeCloseTo(0.7);
  });

  test('a value that is no number changes nothing', () => {
    expect(observeConfidence(PRIOR, Number.NaN)).toBe(PRIOR);
    expect(standardized(PRIOR, Number.NaN)).toBe(0);
  });
});

describe('what a verdict teaches', () => {
  const usage = { promptTokens: 1, cachedTokens: 0, outputTokens: 1, isEstimated: false };
  const attempt = (model: string, value: number, role: 'step' | 'check' = 'step') =>
    ({
      share: {
        role,
        model,
        usage,
        costPicoUsd: 0,
        energyMicrojoules: 0,
        confidence: role === 'check' ? null : { kind: 'meanLogprob', value, believed: 0.6 },
      },
    }) as never;

  test('the confidence of the answer that was served, and that of the model before it of this one', () => {
    const outcome = {
      attempts: [attempt('small', -1), attempt('large', -0.2)],
      model: 'large' as ModelId,
    };
    expect(confidencesOf(outcome).confidence).toEqual([
      {
        key: followingKey('small' as ModelId, 'meanLogprob', 'large' as ModelId),
        level: 'small|meanLogprob',
        value: -1,
        believed: 0.6,
      },
      { key: 'large|meanLogprob', level: 'large|meanLogprob', value: -0.2, believed: 0.6 },
    ]);
  });

  test('nothing where nothing was checked', () => {
    expect(confidencesOf({ attempts: [], model: null })).toEqual({});
    expect(confidencesOf({ attempts: [{} as never], model: 'm' as ModelId })).toEqual({});
  });
});
