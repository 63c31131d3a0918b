import type { Bid, Estimate, Quote, ScoreTerms } from '../contract/index.ts';

/**
 * A bid while the market works on it: nobody else has it yet, so its times are corrected and its score
 * is put in where it stands. All bids are made with these members in this order, since one shape is
 * what makes reading them fast.
 */
export type DraftBid = { -readonly [K in keyof Bid]: Bid[K] };

export const NO_TERMS: ScoreTerms = {
  cost: 0,
  time: 0,
  crowding: 0,
  error: 0,
  energy: 0,
  lateness: 0,
  switching: 0,
  pacing: 0,
};

/** A bidder's own quote is copied: it may keep it, or have put more into it than a quote has. */
export function draftOf(quote: Quote, accuracy: Estimate | null): DraftBid {
  return {
    instance: quote.instance,
    costUsd: quote.costUsd,
    waitMs: quote.waitMs,
    ttftMs: quote.ttftMs,
    latencyMs: quote.latencyMs,
    energyJoules: quote.energyJoules,
    loadPrice: quote.loadPrice,
    promptTokens: quote.promptTokens,
    cachedTokens: quote.cachedTokens,
    outputTokens: quote.outputTokens,
    accuracy,
    occupancy: null,
    limitTokens: null,
    score: 0,
    terms: NO_TERMS,
    crowdMs: 0,
    backlogMs: 0,
    prefillMs: 0,
    external: null,
  };
}
