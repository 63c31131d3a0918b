/**
 * Market: who serves. What enters: a workload, its mandate, one snapshot of the fleet and of what is
 * believed of it. What leaves: bids in money, an award or a refusal, and the explanation of past ones.
 * It never dispatches, never admits what the mandate bars, and reads no clock but the one that it is handed.
 */
export { createHouseBidder } from './house-bidder.ts';
export { bidQuestions, DEFAULT_MARKET } from './external.ts';
export { withPayment } from './payment.ts';
export { quoteBids } from './quote-bids.ts';
export { awardBids, createAward } from './award.ts';
export { weighCandidate } from './weigh-candidate.ts';
export { Turns } from './turns.ts';
export { createDecisionLog } from './decision-log.ts';
export type { DecisionLog } from './decision-log.ts';
