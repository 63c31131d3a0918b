import { describe, expect, test } from 'vitest';
import { chargePicoUsd } from './charge.ts';
import { powerWatts, requestEnergyJoules } from './energy.ts';

const curve = { idleWatts: 100, peakWatts: 400, gpus: 2, steepness: 1, midpoint: 4.2 };

describe('power and energy', () => {
  test('power rises from idle to peak, half-way at the midpoint', () => {
    expect(powerWatts(curve, 0)).toBe(200);
    expect(powerWatts(curve, 2 ** 4.2)).toBeCloseTo(500, 9);
    expect(powerWatts(curve, 1e9)).toBeCloseTo(800, 6);
  });

  test('decode is shared among the batch, prefill is not', () => {
    const alone = requestEnergyJoules(curve, { batch: 1, prefillMs: 100, decodeMs: 1000 });
    const shared = requestEnergyJoules(curve, { batch: 32, prefillMs: 100, decodeMs: 1000 });
    expect(alone).toBeCloseTo(80 + powerWatts(curve, 1), 9);
    expect(shared).toBeCloseTo(80 + powerWatts(curve, 32) / 32, 9);
  });
});

describe('a charge', () => {
  const price = { inputPicoUsd: 600_000, cachedInputPicoUsd: 60_000, outputPicoUsd: 800_000 };

  test('prices cached, uncached and output tokens apart, in whole pico-USD', () => {
    const usage = { promptTokens: 1000, cachedTokens: 400, outputTokens: 10 };
    expect(chargePicoUsd(price, usage)).toBe(600 * 600_000 + 400 * 60_000 + 10 * 800_000);
  });

  test('never counts more cached tokens than the prompt has', () => {
    const usage = { promptTokens: 10, cachedTokens: 400, outputTokens: 0 };
    expect(chargePicoUsd(price, usage)).toBe(10 * 60_000);
  });
});
