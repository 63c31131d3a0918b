import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from '../kernel/index.ts';
import type { ContextPrior, ContextRecord, ContextSpace } from '../contract/index.ts';
import { accuracyInContext, contextAt, isContextRecord, learnInContext } from './context.ts';
import { packContext, unpackContext } from './packed-context.ts';

const SPACE: ContextSpace = { name: 'test', size: 3, variances: [0, 0.5, 0.5] };
const PRIOR: ContextPrior = { logit: 0.4, questions: 10, spread: 1 };
const NEVER = { halfLifeVerdicts: Infinity, halfLifeMs: Infinity };
const HERE = [1, 1.5, 0];
const THERE = [1, -1.5, 0];

const at = (values: readonly number[]) => ({ space: SPACE, values });

function taught(
  verdicts: readonly (readonly [values: readonly number[], score: number])[],
  forgetting: { readonly halfLifeVerdicts: number; readonly halfLifeMs: number } = NEVER,
): ContextRecord {
  let record: ContextRecord | undefined;
  verdicts.forEach(([values, score], atMs) => {
    record = learnInContext(
      record,
      { values, prior: PRIOR, score, weight: 1, atMs },
      SPACE,
      forgetting,
    );
  });
  return record!;
}

const often = <T>(count: number, ...all: readonly T[]): T[] =>
  Array.from({ length: count }, () => all).flat();

describe('what is believed in a context', () => {
  test('is the prior before any verdict, the surer the more questions it rests on', () => {
    const few = accuracyInContext(undefined, PRIOR, at([1, 0, 0]));
    const many = accuracyInContext(undefined, { ...PRIOR, questions: 1000 }, at([1, 0, 0]));
    expect(many.mean).toBeCloseTo(1 / (1 + Math.exp(-0.4)), 2);
    expect(many.deviation).toBeLessThan(few.deviation / 5);
    expect(accuracyInContext(undefined, PRIOR, at(HERE)).deviation).toBeGreaterThan(few.deviation);
  });

  test('moves among neighbours, and not far away', () => {
    const record = taught(often(60, [HERE, 0] as const, [THERE, 1] as const));
    expect(accuracyInContext(record, PRIOR, at(HERE)).mean).toBeLessThan(0.2);
    expect(accuracyInContext(record, PRIOR, at(THERE)).mean).toBeGreaterThan(0.8);
    expect(accuracyInContext(record, PRIOR, at([1, 1.2, 0.1])).mean).toBeLessThan(0.3);
    const across = accuracyInContext(record, PRIOR, at([1, 0, 1]));
    expect(across.mean).toBeGreaterThan(0.35);
    expect(across.deviation).toBeGreaterThan(
      1.5 * accuracyInContext(record, PRIOR, at(HERE)).deviation,
    );
  });

  test('comes to the truth of a logistic model, and its deviation covers it', () => {
    const truth = [0.4, 0.9, -0.7];
    const chanceAt = (values: readonly number[]): number =>
      1 / (1 + Math.exp(-truth.reduce((sum, weight, j) => sum + weight * values[j]!, 0)));
    let [covered, missed] = [0, 0];
    for (let seed = 1; seed <= 20; seed++) {
      const rng = createRng(seed);
      const anywhere = (): number[] => [1, 4 * rng.next() - 2, 4 * rng.next() - 2];
      const verdicts = Array.from({ length: 600 }, () => {
        const values = anywhere();
        return [values, rng.next() < chanceAt(values) ? 1 : 0] as const;
      });
      const record = taught(verdicts);
      for (let i = 0; i < 20; i++) {
        const values = anywhere();
        const { mean, deviation } = accuracyInContext(record, PRIOR, at(values));
        const off = Math.abs(mean - chanceAt(values));
        missed += off / 400;
        if (off < 2 * deviation) covered++;
      }
    }
    expect(missed).toBeLessThan(0.04);
    expect(covered / 400).toBeGreaterThan(0.88);
  });

  test('returns to the prior as verdicts are forgotten', () => {
    const record = taught(often(200, [HERE, 0] as const));
    const later = contextAt(record, SPACE, 199 + 20 * 1000, 1000);
    const now = accuracyInContext(later, PRIOR, at(HERE));
    const prior = accuracyInContext(undefined, PRIOR, at(HERE));
    expect(now.mean).toBeCloseTo(prior.mean, 2);
    expect(now.deviation).toBeCloseTo(prior.deviation, 2);
    expect(contextAt(record, SPACE, 0, 1000)).toBe(record);
    // A model that changes is followed: what was learned last counts most.
    const changed = taught([...often(300, [HERE, 0] as const), ...often(100, [HERE, 1] as const)], {
      halfLifeVerdicts: 50,
      halfLifeMs: Infinity,
    });
    expect(accuracyInContext(changed, PRIOR, at(HERE)).mean).toBeGreaterThan(0.65);
  });

  test('stays sound whatever is taught: the covariance has no negative direction', () => {
    const verdict = fc.record({
      values: fc.tuple(
        fc.constant(1),
        fc.double({ min: -4, max: 4, noNaN: true }),
        fc.double({ min: -4, max: 4, noNaN: true }),
      ),
      score: fc.double({ min: 0, max: 1, noNaN: true }),
      weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
      atMs: fc.integer({ min: 0, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(verdict, { minLength: 1, maxLength: 60 }), (verdicts) => {
        const forgetting = { halfLifeVerdicts: 20, halfLifeMs: 5_000 };
        let record: ContextRecord | undefined;
        for (const one of verdicts) {
          record = learnInContext(record, { ...one, prior: PRIOR }, SPACE, forgetting);
          expect(isContextRecord(record)).toBe(true);
          for (const direction of [[1, 0, 0], [0, 1, 0], [0, 0, 1], [...one.values]]) {
            let spread = 0;
            direction.forEach((a, i) =>
              direction.forEach((b, j) => (spread += a * b * record!.covariance[3 * i + j]!)),
            );
            expect(spread).toBeGreaterThan(-1e-9);
          }
          expect(record.covariance[4]).toBeLessThanOrEqual(0.5 + 1e-9);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('of another space is not looked at, and is begun anew', () => {
    const record = { ...taught(often(50, [HERE, 0] as const)), space: 'other' };
    expect(accuracyInContext(record, PRIOR, at(HERE))).toEqual(
      accuracyInContext(undefined, PRIOR, at(HERE)),
    );
    const verdict = { values: HERE, prior: PRIOR, score: 1, weight: 1, atMs: 9 };
    expect(learnInContext(record, verdict, SPACE, NEVER)).toEqual(
      learnInContext(undefined, verdict, SPACE, NEVER),
    );
  });
});

describe('a packed context', () => {
  const seen = { space: SPACE, values: [1, 2.5, -9], forecast: () => null, spentMicroseconds: 0 };

  test('comes back with a byte for each number and the prior', () => {
    const back = unpackContext(packContext(seen, { logit: -1.234, questions: 400, spread: 0.25 }))!;
    expect(back.space).toBe('test');
    expect(back.prior.logit).toBeCloseTo(-1.234, 6);
    expect(back.prior).toMatchObject({ questions: 400, spread: 0.25 });
    expect(back.values[0]).toBe(1);
    expect(back.values[1]).toBeCloseTo(2.5, 1);
    // What is far out is cut.
    expect(back.values[2]).toBeCloseTo(-4, 6);
  });

  test('is refused where it is none', () => {
    fc.assert(fc.property(fc.string(), (text) => void unpackContext(text)));
    for (const text of ['', '.', 'x', 'x.', 'x.AAAA', `x.${'A'.repeat(4000)}`]) {
      expect(unpackContext(text)).toBeNull();
    }
    expect(unpackContext(`${'x'.repeat(100)}.${'A'.repeat(20)}`)).toBeNull();
  });
});
