import type { Price, Usage } from '../contract/index.ts';

/** What real usage costs at a model's own rates, in whole pico-USD. An unknown price costs nothing and is shown as unknown. */
export function chargePicoUsd(
  price: Price | null,
  usage: Pick<Usage, 'promptTokens' | 'cachedTokens' | 'outputTokens'>,
): number {
  if (price === null) return 0;
  const cached = Math.min(usage.cachedTokens, usage.promptTokens);
  return Math.round(
    (usage.promptTokens - cached) * price.inputPicoUsd +
      cached * price.cachedInputPicoUsd +
      usage.outputTokens * price.outputPicoUsd,
  );
}

export const PICO_PER_USD = 1e12;
