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
  /** The probability with which the winner was chosen, where the route explores. */
  propensity: 'x-bourse-propensity',
  /** Which attempt served, where it was not the first. */
  attempt: 'x-bourse-attempt',
  /** Where the route has a cache: `hit`, `semantic`, `miss` or `bypass`; how old a stored answer is, and how near its question. */
  cache: 'x-bourse-cache',
  cacheAge: 'x-bourse-cache-age',
  cacheSimilarity: 'x-bourse-cache-similarity',
  /** The models that a cascade has asked, in order, with what was believed of each answer. */
  cascade: 'x-bourse-cascade',
  /** The instances that were asked at once. */
  hedge: 'x-bourse-hedge',
  /** What was charged, up to the answer's head, for other answers than the one that follows. */
  asideUsd: 'x-bourse-aside-usd',
  /** The id that the instance gave the request, where it gave one. */
  upstreamRequestId: 'x-bourse-upstream-request-id',
} as const;

/** Between the exchange and bidders, in both directions. */
export const BID_HEADERS = {
  /** Of the question; the answer repeats it. */
  id: 'x-bourse-bid-id',
  /** Unix milliseconds of whoever signs. */
  at: 'x-bourse-bid-timestamp',
  signature: 'x-bourse-bid-signature',
} as const;
