import { describe, expect, test } from 'vitest';
import type { Usage } from '../contract/index.ts';
import { nextPartOf } from './next-part.ts';
import type { CutPart, NextPart } from './next-part.ts';
import { isCutBy } from './part-limit.ts';

const usage = (promptTokens: number, outputTokens: number): Usage => ({
  promptTokens,
  cachedTokens: 0,
  outputTokens,
  isEstimated: false,
});
const next = (more: Partial<CutPart>): NextPart | null =>
  nextPartOf({
    kind: 'continue',
    surface: 'chat',
    model: { maxOutputTokens: null, contextWindowTokens: null },
    limitTokens: 100,
    parts: 1,
    writtenTokens: 100,
    usage: usage(50, 100),
    ...more,
  });

describe('the part that follows', () => {
  test('is twice as long each time, and the fourth has no limit', () => {
    expect(next({})).toEqual({ limitTokens: 200, tokensMax: 200 });
    expect(next({ parts: 2, writtenTokens: 300 })).toEqual({ limitTokens: 400, tokensMax: 400 });
    expect(next({ parts: 3, writtenTokens: 700 })).toEqual({ limitTokens: null, tokensMax: 3_396 });
    expect(next({ parts: 3, writtenTokens: 7_000 })?.tokensMax).toBe(14_000);
  });

  test("is held by the model's longest answer and by its window", () => {
    const model = { maxOutputTokens: 8_192, contextWindowTokens: null };
    expect(next({ model, parts: 3, writtenTokens: 700 })?.tokensMax).toBe(7_492);
    expect(next({ model: { ...model, maxOutputTokens: 150 } })).toEqual({
      limitTokens: null,
      tokensMax: 50,
    });
    expect(next({ model: { ...model, maxOutputTokens: 100 } })).toBeNull();
    const window = { maxOutputTokens: null, contextWindowTokens: 180 };
    expect(next({ model: window })).toEqual({ limitTokens: null, tokensMax: 30 });
    expect(next({ model: { ...window, contextWindowTokens: 150 } })).toBeNull();
    expect(next({ model: window, usage: null })?.limitTokens).toBe(200);
  });

  test('of an answer that begins anew is all of it', () => {
    const model = { maxOutputTokens: 1_000, contextWindowTokens: null };
    expect(next({ kind: 'restart', model })).toEqual({ limitTokens: null, tokensMax: 1_000 });
  });

  test('of a completion always has a limit, and there is an end to it', () => {
    const surface = 'completions' as const;
    expect(next({ surface, parts: 3, writtenTokens: 700 })?.limitTokens).toBe(800);
    expect(next({ surface, parts: 15, writtenTokens: 700 })?.limitTokens).toBe(100 * 2 ** 15);
    expect(next({ surface, parts: 16, writtenTokens: 700 })).toBeNull();
  });
});

describe('the limit of a part has cut it', () => {
  const limit = { tokens: 100, contextWindowTokens: 500 };

  test.each<[string, string | null, Usage | null, boolean]>([
    ['at its length', 'length', usage(50, 100), true],
    ['one token before it', 'length', usage(50, 99), true],
    ['unless something lower did', 'length', usage(50, 60), false],
    ['unless the window is full', 'length', usage(400, 100), false],
    ['unless it ended by itself', 'stop', usage(50, 100), false],
    ['unless it did not end', null, usage(50, 100), false],
    ['where the server does not count', 'length', null, true],
  ])('%s', (_, finishReason, counted, expected) => {
    expect(isCutBy(limit, { finishReason, usage: counted })).toBe(expected);
  });
});
