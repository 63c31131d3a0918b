import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Price } from '../contract/index.ts';
import { chargePicoUsd, dearestRates } from './charge.ts';

const PLAIN: Price = { inputPicoUsd: 100, cachedInputPicoUsd: 10, outputPicoUsd: 1_000 };
const SPECIAL: Price = {
  ...PLAIN,
  cacheWritePicoUsd: 125,
  reasoningPicoUsd: 3_000,
  imageInputPicoUsd: 200,
  audioInputPicoUsd: 400,
  audioOutputPicoUsd: 2_000,
};
const usage = { promptTokens: 100, cachedTokens: 40, outputTokens: 20 };

describe('charge', () => {
  test('prompt, cached prompt and output', () => {
    expect(chargePicoUsd(PLAIN, usage)).toBe(60 * 100 + 40 * 10 + 20 * 1_000);
  });

  test('each token once, at the rate of its own', () => {
    const all = {
      ...usage,
      cacheWriteTokens: 30,
      imageTokens: 10,
      audioTokens: 5,
      reasoningTokens: 12,
      audioOutputTokens: 3,
    };
    const prompt = 40 * 10 + 30 * 125 + 10 * 200 + 5 * 400 + 15 * 100;
    const output = 12 * 3_000 + 3 * 2_000 + 5 * 1_000;
    expect(chargePicoUsd(SPECIAL, all)).toBe(prompt + output);
    // A price that does not tell them apart charges them as plain ones.
    expect(chargePicoUsd(PLAIN, all)).toBe(chargePicoUsd(PLAIN, usage));
  });

  test('a long prompt makes all of the request dearer', () => {
    const long = { aboveTokens: 99, price: SPECIAL };
    expect(chargePicoUsd({ ...PLAIN, longPrompt: long }, usage)).toBe(
      chargePicoUsd(SPECIAL, usage),
    );
    const short = { ...usage, promptTokens: 99 };
    expect(chargePicoUsd({ ...PLAIN, longPrompt: long }, short)).toBe(chargePicoUsd(PLAIN, short));
  });

  test('what is kept for an hour has a rate of its own', () => {
    const kept = { ...usage, cacheWriteTokens: 30, cacheWriteHourTokens: 20 };
    const price = { ...SPECIAL, cacheWriteHourPicoUsd: 200 };
    const expected = 40 * 10 + 20 * 200 + 10 * 125 + 30 * 100 + 20 * 1_000;
    expect(chargePicoUsd(price, kept)).toBe(expected);
  });

  test('an unknown price costs what the upstream reports', () => {
    expect(chargePicoUsd(null, usage)).toBe(0);
    expect(chargePicoUsd(null, { ...usage, reportedPicoUsd: 77 })).toBe(77);
    expect(chargePicoUsd(PLAIN, { ...usage, reportedPicoUsd: 77 })).not.toBe(77);
  });

  test('no usage costs more than all of its tokens at the dearest rates', () => {
    const tokens = fc.nat({ max: 1_000 });
    const rate = fc.nat({ max: 1_000_000 });
    const optional = fc.option(rate, { nil: undefined });
    const flat = fc.record({
      inputPicoUsd: rate,
      cachedInputPicoUsd: rate,
      outputPicoUsd: rate,
      cacheWritePicoUsd: optional,
      cacheWriteHourPicoUsd: optional,
      reasoningPicoUsd: optional,
      imageInputPicoUsd: optional,
      audioInputPicoUsd: optional,
      audioOutputPicoUsd: optional,
    });
    const long = fc.record({ aboveTokens: tokens, price: flat });
    const price = fc
      .tuple(flat, fc.option(long, { nil: undefined }))
      .map(([each, longPrompt]) => ({ ...each, longPrompt })) as fc.Arbitrary<Price>;
    const used = fc.record({
      promptTokens: tokens,
      cachedTokens: tokens,
      outputTokens: tokens,
      cacheWriteTokens: tokens,
      cacheWriteHourTokens: tokens,
      imageTokens: tokens,
      audioTokens: tokens,
      reasoningTokens: tokens,
      audioOutputTokens: tokens,
    });
    fc.assert(
      fc.property(price, used, (rates, counts) => {
        const { inputPicoUsd, outputPicoUsd } = dearestRates(rates);
        const bound = counts.promptTokens * inputPicoUsd + counts.outputTokens * outputPicoUsd;
        const charged = chargePicoUsd(rates, counts);
        expect(charged).toBeGreaterThanOrEqual(0);
        expect(charged).toBeLessThanOrEqual(bound);
      }),
    );
  });
});
