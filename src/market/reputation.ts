import type { Estimate, Quote, Reputation } from '../contract/index.ts';
import { inflationOf, reputationAt } from '../estimate/index.ts';

/**
 * The quote as its bidder's record makes it credible: times are multiplied by the habitual
 * overpromise, and their deviation grows by the whole correction, since nobody knows when the
 * habit strikes.
 */
export function heldToRecord(
  quote: Quote,
  reputation: Reputation | undefined,
  nowMs: number,
): Quote {
  if (reputation === undefined) return quote;
  const factor = inflationOf(reputationAt(reputation, nowMs));
  if (!(factor > 1)) return quote;
  return {
    ...quote,
    ttftMs: inflated(quote.ttftMs, factor),
    latencyMs: inflated(quote.latencyMs, factor),
  };
}

function inflated({ mean, deviation }: Estimate, factor: number): Estimate {
  return { mean: mean * factor, deviation: deviation * factor + mean * (factor - 1) };
}
