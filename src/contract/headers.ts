/**
 * The exchange's own HTTP headers; the client may send the first group and gets the second.
 * docs/reference/headers.md describes each; a test holds it against these lists in both directions.
 */
export const REQUEST_HEADERS = {
  /** The objective of this request: a mode's name. */
  mode: 'x-bourse-mode',
  /** Joins requests to one conversation: the first of the three that is there. */
  session: 'x-session-id',
  conversation: 'x-conversation-id',
  ownSession: 'x-bourse-session',
} as const;

export const RESPONSE_HEADERS = {
  decisionId: 'x-bourse-decision-id',
  route: 'x-bourse-route',
  model: 'x-bourse-model',
  instance: 'x-bourse-instance',
  mode: 'x-bourse-mode',
  bidUsd: 'x-bourse-bid-usd',
  bidEnergyJoules: 'x-bourse-bid-energy-j',
  bidTtftMs: 'x-bourse-bid-ttft-ms',
  chargedUsd: 'x-bourse-charged-usd',
  /** What the answer used, in joules, and whether the engine's power or the model's power curve says so. */
  energyJoules: 'x-bourse-energy-j',
  energySource: 'x-bourse-energy-source',
  /** Budgets of the caller's own that are used up to 80 or 95 %. */
  budgetWarning: 'x-bourse-budget-warning',
  /** Which attempt served, where it was not the first. */
  attempt: 'x-bourse-attempt',
  /** The id that the instance gave the request, where it gave one. */
  upstreamRequestId: 'x-bourse-upstream-request-id',
} as const;
