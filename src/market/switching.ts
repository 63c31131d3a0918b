import type { Objective, PromptPrefix, SessionPlacement } from '../contract/index.ts';
import { PICO_PER_USD } from '../estimate/index.ts';
import type { DraftBid } from './draft-bid.ts';

/**
 * What a session loses by moving to the bid's instance, in USD: the tokens that its last instance has in
 * KV memory and that this bid does not count as missing, computed once more at its rates and in its
 * time. What the prefix index knows is in the bids' own cost and time; the rest is above all the last
 * answer, which no prompt that was routed has shown.
 */
export function switchingUsd(
  bid: DraftBid,
  placement: SessionPlacement,
  asked: {
    readonly prefix: PromptPrefix | null;
    /** Milliseconds that one uncached prompt token takes there. */
    readonly msPerToken: number;
    readonly objective: Pick<Objective, 'usdPerSecond'>;
  },
): number {
  const { instance, promptTokens, loadPrice } = bid;
  if (instance.id === placement.instance) return 0;
  const indexed = asked.prefix === null ? 0 : asked.prefix.cachedShare(placement.instance);
  const lost = Math.min(placement.tokens, promptTokens) - indexed * promptTokens;
  if (!(lost > 0)) return 0;
  const { price } = instance.model;
  const picoUsd = price === null ? 0 : Math.max(0, price.inputPicoUsd - price.cachedInputPicoUsd);
  const seconds = (lost * asked.msPerToken) / 1000;
  return (lost * picoUsd * loadPrice) / PICO_PER_USD + asked.objective.usdPerSecond * seconds;
}
