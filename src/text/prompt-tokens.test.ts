import { describe, expect, test } from 'vitest';
import { NO_BELIEFS, bytesKey } from '../contract/index.ts';
import type { Beliefs, RunningEstimate } from '../contract/index.ts';
import type { ModelId, TenantId } from '../kernel/index.ts';
import { estimatePromptTokens } from './prompt-tokens.ts';

const tenant = 'acme' as TenantId;
const model = 'm' as ModelId;
const learned = (mean: number, variance = 0.04, weight = 100): RunningEstimate => ({
  mean,
  variance,
  weight,
});
const beliefs = (entries: readonly (readonly [TenantId | '*', RunningEstimate])[]): Beliefs => ({
  ...NO_BELIEFS,
  bytesPerToken: new Map(entries.map(([who, ratio]) => [bytesKey(who, model), ratio])),
});

describe('estimatePromptTokens', () => {
  test('starts wide at four bytes per token', () => {
    const { mean, deviation } = estimatePromptTokens(4000, tenant, model, NO_BELIEFS);
    expect(mean).toBe(1000);
    expect(deviation).toBe(300);
  });

  test("prefers the tenant's own ratio to the model's, and both to the default", () => {
    const both = beliefs([
      [tenant, learned(2)],
      ['*', learned(5)],
    ]);
    expect(estimatePromptTokens(1000, tenant, model, both).mean).toBe(500);
    expect(estimatePromptTokens(1000, 'other' as TenantId, model, both).mean).toBe(200);
    expect(estimatePromptTokens(1000, tenant, 'other' as ModelId, both).mean).toBe(250);
  });

  test('believes no ratio that rests on nothing, or that no tokeniser has', () => {
    const young = beliefs([
      [tenant, learned(2, 0, 0.5)],
      ['*', learned(0.2)],
    ]);
    expect(estimatePromptTokens(1000, tenant, model, young).mean).toBe(250);
  });

  test('narrows as it learns, but never to nothing', () => {
    const deviation = (ratio: RunningEstimate): number =>
      estimatePromptTokens(4000, tenant, model, beliefs([[tenant, ratio]])).deviation;
    expect(deviation(learned(4, 0.64, 1))).toBeGreaterThan(deviation(learned(4, 0.64, 100)));
    expect(deviation(learned(4, 0.64, 1e9))).toBeCloseTo(200);
    expect(deviation(learned(4, 0, 100))).toBe(50);
  });
});
