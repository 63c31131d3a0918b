import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bid, CascadePlan } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { stepsOf, worthOf } from './cascade.ts';

interface Offer {
  readonly model: string;
  readonly priceUsd: number;
  readonly accuracy: number | null;
}

const USD_PER_ERROR = 0.01;
const objective = { usdPerError: USD_PER_ERROR, usdPerSecond: 0, usdPerKilojoule: 0 };
const AUTO: CascadePlan = {
  steps: null,
  maxSteps: 3,
  confidence: 'meanLogprob',
  checkedBy: null,
  acceptFrom: null,
  decideAfterTokens: null,
};

function bidsOf(offers: readonly Offer[]): readonly Bid[] {
  return offers
    .map(({ model, priceUsd, accuracy }, i) => {
      const error = USD_PER_ERROR * (1 - (accuracy ?? 0.5));
      return {
        instance: { id: `i${i}`, model: { id: model } },
        accuracy: accuracy === null ? null : { mean: accuracy, deviation: 0 },
        costUsd: { mean: priceUsd, deviation: 0 },
        score: priceUsd + error,
        terms: { error },
      } as unknown as Bid;
    })
    .toSorted((a, b) => a.score - b.score);
}

const chosen = (offers: readonly Offer[], plan = AUTO): readonly string[] =>
  stepsOf(plan, bidsOf(offers), objective).map(({ step }) => step.model);

const CHEAP: Offer = { model: 'cheap', priceUsd: 0.0001, accuracy: 0.6 };
const DEAR: Offer = { model: 'dear', priceUsd: 0.002, accuracy: 0.9 };

describe('the steps that the market takes', () => {
  test('the cheap model first where its answer may turn out to be enough', () => {
    expect(chosen([DEAR, CHEAP])).toEqual(['cheap', 'dear']);
  });

  test('the best alone where a first step is nearly as dear, or where a second could never pay', () => {
    expect(chosen([DEAR, { ...CHEAP, priceUsd: 0.0019 }])).toEqual(['dear']);
    expect(chosen([{ ...DEAR, priceUsd: 0.02 }, CHEAP])).toEqual(['cheap']);
  });

  test('nobody that is both dearer and worse, and nobody of unknown accuracy', () => {
    const worse = { model: 'worse', priceUsd: 0.001, accuracy: 0.5 };
    const dark = { model: 'dark', priceUsd: 0.00001, accuracy: null };
    expect(chosen([CHEAP, DEAR, worse, dark])).toEqual(['cheap', 'dear']);
  });

  test('one where only the form is looked at, and what the plan lists as far as it may serve', () => {
    expect(chosen([DEAR, CHEAP], { ...AUTO, confidence: null })).toHaveLength(1);
    const step = (model: string) => ({ model: model as ModelId, effort: null, accuracy: null });
    const steps = [step('cheap'), step('gone'), step('dear')];
    expect(chosen([DEAR, CHEAP], { ...AUTO, steps })).toEqual(['cheap', 'dear']);
    expect(chosen([DEAR, CHEAP], { ...AUTO, steps, maxSteps: 1 })).toEqual(['cheap']);
  });

  test('rise in price and accuracy, are at most as many as there may be, and are none only without bids', () => {
    const offer = fc.record({
      model: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      priceUsd: fc.double({ min: 1e-6, max: 0.1, noNaN: true }),
      accuracy: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(offer, { maxLength: 8 }), (offers) => {
        const steps = stepsOf(AUTO, bidsOf(offers), objective);
        expect(steps.length > 0).toBe(offers.length > 0);
        expect(steps.length).toBeLessThanOrEqual(AUTO.maxSteps);
        for (const [i, { bids }] of steps.slice(1).entries()) {
          const before = steps[i]!.bids[0]!;
          expect(bids[0]!.accuracy!.mean).toBeGreaterThan(before.accuracy!.mean);
          expect(bids[0]!.costUsd!.mean).toBeGreaterThanOrEqual(before.costUsd!.mean - 1e-12);
        }
      }),
    );
  });
});

test('a step is worth what it saves in errors, less its price', () => {
  expect(worthOf({ now: 0.5, next: 0.9, priceUsd: 0.003 }, 0.01)).toBeCloseTo(0.001);
  expect(worthOf({ now: 0.9, next: 0.5, priceUsd: 0 }, 0.01)).toBeLessThan(0);
});
