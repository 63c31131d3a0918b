import type { Beliefs, Bid, MarketView, ProbeNeed } from '../contract/index.ts';
import { inflationAt } from '../estimate/index.ts';
import type { DraftBid } from './draft-bid.ts';

/** Outcomes by which an instance is known. */
const OUTCOMES_MIN = 10;
/** Verdicts by which a model is known, where any model has some. */
const VERDICTS_MIN = 30;
/** The same where it was found to have become worse. */
const VERDICTS_AFTER_DRIFT_MIN = 100;
/** Times that are corrected by more than this keep an instance from winning. */
const INFLATION_MAX = 1.25;

/** Marks the bids of those who are too little known to win, or whose record keeps them from it. */
export function markNeeds(bids: readonly Bid[], { beliefs }: MarketView, nowMs: number): void {
  for (let i = 0; i < bids.length; i++) {
    const bid = bids[i] as DraftBid;
    bid.need = needOf(bid, beliefs, nowMs);
  }
}

function needOf({ instance }: Bid, beliefs: Beliefs, nowMs: number): ProbeNeed | null {
  const reputation = beliefs.reputation.get(instance.id);
  if (reputation === undefined || reputation.observations < OUTCOMES_MIN) return 'new';
  if (inflationAt(reputation, nowMs) > INFLATION_MAX) return 'reputation';
  if (beliefs.accuracy.size === 0) return null;
  const record = beliefs.accuracy.get(instance.model.id);
  const verdicts = record === undefined ? 0 : record.right + record.wrong;
  const hasChanged = (beliefs.drift.get(instance.model.id)?.alarm ?? null) !== null;
  if (hasChanged && verdicts < VERDICTS_AFTER_DRIFT_MIN) return 'drift';
  return verdicts < VERDICTS_MIN ? 'new' : null;
}
