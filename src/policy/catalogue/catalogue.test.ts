import { describe, expect, test } from 'vitest';
import { cataloguePrice, readTable } from './catalogue.ts';
import { knownPrice } from './known-price.ts';
import { PRICE_DATE, PRICE_TABLE } from './price-table.ts';

const ENGINES = [
  { kind: 'openai', defaultUrl: 'https://api.openai.com' },
  { kind: 'anthropic', defaultUrl: 'https://api.anthropic.com' },
  { kind: 'azure' },
  { kind: 'vllm' },
];
const at = (engine: string, upstreamName: string, url?: string) => {
  const home = ENGINES.find(({ kind }) => kind === engine)?.defaultUrl;
  return { engine, url: url ?? home ?? 'https://x.openai.azure.com', model: { upstreamName } };
};

describe('the catalogue of prices', () => {
  test('every line is read, and no rate is negative or unreadable', () => {
    expect(PRICE_DATE).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    const prices = readTable(PRICE_TABLE);
    expect(prices.size).toBeGreaterThan(200);
    for (const [name, { longPrompt, ...flat }] of prices) {
      const { aboveTokens = 1, price = flat } = longPrompt ?? {};
      expect(Number.isSafeInteger(aboveTokens) && aboveTokens > 0, name).toBe(true);
      for (const rate of [...Object.values(flat), ...Object.values(price)]) {
        expect(Number.isSafeInteger(rate) && (rate as number) >= 0, name).toBe(true);
      }
      expect(flat.cachedInputPicoUsd, name).toBeLessThanOrEqual(flat.inputPicoUsd);
    }
  });

  test('a name stands for itself and its dated editions, and for nothing that resembles it', () => {
    const mini = { inputPicoUsd: 250_000, cachedInputPicoUsd: 25_000, outputPicoUsd: 2_000_000 };
    expect(cataloguePrice('openai', 'gpt-5-mini')).toEqual(mini);
    expect(cataloguePrice('openai', 'gpt-5-mini-2025-08-07')).toEqual(mini);
    expect(cataloguePrice('openai', 'gpt-5-mini-turbo')).toBeNull();
    expect(cataloguePrice('openai', 'my-gpt-5-mini')).toBeNull();
    expect(cataloguePrice('vllm', 'gpt-5-mini')).toBeNull();
  });

  test('writing to a cache, and a long prompt, have prices of their own', () => {
    const price = cataloguePrice('anthropic', 'claude-sonnet-4-5-20250929');
    expect(price).toMatchObject({
      inputPicoUsd: 3_000_000,
      cachedInputPicoUsd: 300_000,
      cacheWritePicoUsd: 3_750_000,
      cacheWriteHourPicoUsd: 6_000_000,
      longPrompt: { aboveTokens: 200_000, price: { inputPicoUsd: 6_000_000 } },
    });
  });
});

describe('the price of a model without one', () => {
  test('is its provider’s, at the provider’s own servers', () => {
    expect(knownPrice([at('openai', 'gpt-4o')], ENGINES)?.inputPicoUsd).toBe(2_500_000);
    expect(knownPrice([at('azure', 'o3-mini')], ENGINES)?.inputPicoUsd).toBe(1_100_000);
  });

  test.each([
    ['nobody serves it', []],
    ['the provider does not list it', [at('openai', 'gpt-99')]],
    ['somebody else speaks the provider’s language', [at('openai', 'gpt-4o', 'http://10.0.0.5')]],
    ['a server of the operator’s serves it too', [at('openai', 'gpt-4o'), at('vllm', 'gpt-4o')]],
    ['providers differ', [at('openai', 'gpt-4o'), at('azure', 'o1')]],
  ])('is unknown where %s', (_why, instances) => {
    expect(knownPrice(instances, ENGINES)).toBeNull();
  });
});
