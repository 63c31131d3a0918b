import type { FlatPrice, Price, Usage } from '../contract/index.ts';

type ChargedUsage = Pick<Usage, 'promptTokens' | 'cachedTokens' | 'outputTokens'> &
  Partial<Omit<Usage, 'isEstimated'>>;

/**
 * What real usage costs at a model's own rates, in whole pico-USD. Every token is charged once: of the
 * prompt those that were cached, those that were written to a cache, pictures and sound have rates of
 * their own, and of the output thinking and sound. An unknown price costs what the upstream reports,
 * or else nothing, and is shown as unknown.
 */
export function chargePicoUsd(price: Price | null, usage: ChargedUsage): number {
  if (price === null) return usage.reportedPicoUsd ?? 0;
  const rates = ratesFor(price, usage.promptTokens);
  const cached = Math.min(usage.cachedTokens, usage.promptTokens);
  let picoUsd =
    (usage.promptTokens - cached) * rates.inputPicoUsd +
    cached * rates.cachedInputPicoUsd +
    usage.outputTokens * rates.outputPicoUsd;
  if (isSpecial(usage)) picoUsd += surcharge(rates, usage, usage.promptTokens - cached);
  return Math.round(picoUsd);
}

/** The rates of a request with so many prompt tokens. */
export function ratesFor(price: Price, promptTokens: number): FlatPrice {
  const long = price.longPrompt;
  return long !== undefined && promptTokens > long.aboveTokens ? long.price : price;
}

const isSpecial = (usage: ChargedUsage): boolean =>
  usage.cacheWriteTokens !== undefined ||
  usage.reasoningTokens !== undefined ||
  usage.imageTokens !== undefined ||
  usage.audioTokens !== undefined ||
  usage.audioOutputTokens !== undefined;

/** What tokens with rates of their own cost more, or less, than plain ones. `uncached` of the prompt are left to tell apart. */
function surcharge(price: FlatPrice, usage: ChargedUsage, uncached: number): number {
  const { inputPicoUsd, outputPicoUsd } = price;
  let left = uncached;
  let sum = 0;
  const take = (tokens: number | undefined, rate: number | undefined, plain: number): void => {
    const taken = Math.min(tokens ?? 0, left);
    left -= taken;
    if (rate !== undefined) sum += taken * (rate - plain);
  };
  const hourTokens = Math.min(usage.cacheWriteHourTokens ?? 0, usage.cacheWriteTokens ?? 0);
  const hourRate = price.cacheWriteHourPicoUsd ?? price.cacheWritePicoUsd;
  take(hourTokens, hourRate, inputPicoUsd);
  take((usage.cacheWriteTokens ?? 0) - hourTokens, price.cacheWritePicoUsd, inputPicoUsd);
  take(usage.imageTokens, price.imageInputPicoUsd, inputPicoUsd);
  take(usage.audioTokens, price.audioInputPicoUsd, inputPicoUsd);
  left = usage.outputTokens;
  take(usage.reasoningTokens, price.reasoningPicoUsd, outputPicoUsd);
  take(usage.audioOutputTokens, price.audioOutputPicoUsd, outputPicoUsd);
  return sum;
}

/** The dearest that one token of the prompt, and one of the output, can be. */
export function dearestRates(price: Price | null): Pick<Price, 'inputPicoUsd' | 'outputPicoUsd'> {
  if (price === null) return { inputPicoUsd: 0, outputPicoUsd: 0 };
  const flat = dearestOf(price);
  if (price.longPrompt === undefined) return flat;
  const long = dearestOf(price.longPrompt.price);
  return {
    inputPicoUsd: Math.max(flat.inputPicoUsd, long.inputPicoUsd),
    outputPicoUsd: Math.max(flat.outputPicoUsd, long.outputPicoUsd),
  };
}

function dearestOf(price: FlatPrice): Pick<Price, 'inputPicoUsd' | 'outputPicoUsd'> {
  return {
    inputPicoUsd: Math.max(
      price.inputPicoUsd,
      price.cachedInputPicoUsd,
      price.cacheWritePicoUsd ?? 0,
      price.cacheWriteHourPicoUsd ?? 0,
      price.imageInputPicoUsd ?? 0,
      price.audioInputPicoUsd ?? 0,
    ),
    outputPicoUsd: Math.max(
      price.outputPicoUsd,
      price.reasoningPicoUsd ?? 0,
      price.audioOutputPicoUsd ?? 0,
    ),
  };
}

export const PICO_PER_USD = 1e12;
