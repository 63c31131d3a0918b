/**
 * Market: who serves. What enters: a workload, its mandate, one snapshot of the fleet and of what is
 * believed of it. What leaves: bids in money, an award or a refusal, and the explanation of past ones.
 * It never dispatches, never admits what the mandate bars, and reads no clock.
 */
export { createHouseBidder } from './house-bidder.ts';
export { quoteBids } from './quote-bids.ts';
export { awardBids } from './award.ts';
export { createDecisionLog } from './decision-log.ts';
export type { DecisionLog } from './decision-log.ts';
