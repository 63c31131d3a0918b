import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { Beliefs } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { expectedOutputTokens, underCeiling } from './output-length.ts';

const m = 'm' as ModelId;
const warm = (mean: number) => ({ mean, variance: 100, weight: 40 });
const believing = (entries: Record<string, number>): Beliefs => ({
  ...NO_BELIEFS,
  outputTokens: new Map(Object.entries(entries).map(([key, mean]) => [key, warm(mean)])),
});

describe('the expected length of an answer', () => {
  test('falls back from model and archetype to archetype, to all, to the prior', () => {
    const mean = (entries: Record<string, number>): number =>
      Math.round(expectedOutputTokens(m, 'chat', believing(entries)).mean / 10) * 10;
    expect(mean({ 'm|chat': 100, '*|chat': 500, '*|*': 900 })).toBe(100);
    expect(mean({ 'n|chat': 100, '*|chat': 500, '*|*': 900 })).toBe(500);
    expect(mean({ '*|*': 900 })).toBe(900);
    expect(expectedOutputTokens(m, 'chat', NO_BELIEFS)).toEqual({ mean: 250, deviation: 250 });
  });

  test('a ceiling bounds the mean, and the deviation by half of itself', () => {
    expect(underCeiling({ mean: 250, deviation: 250 }, 16)).toEqual({ mean: 16, deviation: 8 });
    expect(underCeiling({ mean: 250, deviation: 250 }, 0)).toEqual({ mean: 0, deviation: 0 });
    expect(underCeiling({ mean: 250, deviation: 250 }, Infinity).mean).toBe(250);
  });
});
