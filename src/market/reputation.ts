import type { Estimate, Reputation } from '../contract/index.ts';
import { inflationAt } from '../estimate/index.ts';
import type { DraftBid } from './draft-bid.ts';

/**
 * Makes the bid as credible as its bidder's record: times are multiplied by the habitual overpromise,
 * and their deviation grows by the whole correction, since nobody knows when the habit strikes.
 */
export function holdToRecord(
  bid: DraftBid,
  reputation: Reputation | undefined,
  nowMs: number,
): void {
  if (reputation === undefined) return;
  const factor = inflationAt(reputation, nowMs);
  if (!(factor > 1)) return;
  bid.ttftMs = inflated(bid.ttftMs, factor);
  bid.latencyMs = inflated(bid.latencyMs, factor);
}

function inflated({ mean, deviation }: Estimate, factor: number): Estimate {
  return { mean: mean * factor, deviation: deviation * factor + mean * (factor - 1) };
}
