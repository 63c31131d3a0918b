import type {
  Bid,
  Bidder,
  Estimate,
  Exclusion,
  Instance,
  InstanceState,
  Mandate,
  MarketView,
  Quote,
  Quotes,
  Workload,
} from '../contract/index.ts';
import { accuracyOf } from './accuracy.ts';
import { draftOf } from './draft-bid.ts';
import type { DraftBid } from './draft-bid.ts';
import { exclusionOf, windowExclusion } from './eligibility.ts';
import { HouseBidder } from './house-bidder.ts';
import { holdToRecord } from './reputation.ts';
import { scoreBid } from './score.ts';

/** Shared by the requests that nobody is kept from: what is remembered of a decision holds it for long. */
const NOBODY: readonly Exclusion[] = [];

/**
 * One bid per placement that may serve, from one snapshot. The house bidder is first; the last that
 * quotes an instance speaks for it; a plugin that throws, or quotes what is no number, has not spoken.
 */
export function quoteBids(
  workload: Workload,
  mandate: Mandate,
  view: MarketView,
  bidders: readonly Bidder[],
): Quotes {
  const { states } = view.fleet;
  const asked: Asked = { workload, mandate, view };
  const bids: Bid[] = [];
  let excluded: Exclusion[] | null = null;
  for (let i = 0; i < states.length; i++) {
    const state = states[i]!;
    const barred = exclusionOf(workload, mandate, state, view.load);
    const offer = barred ?? offerFor(state, bidders, asked);
    if ('score' in offer) bids.push(offer);
    else (excluded ??= []).push(offer);
  }
  return { bids, excluded: excluded ?? NOBODY };
}

interface Asked {
  readonly workload: Workload;
  readonly mandate: Mandate;
  readonly view: MarketView;
}

/** The bid for one instance that may serve, or why there is none. */
function offerFor(state: InstanceState, bidders: readonly Bidder[], asked: Asked): Bid | Exclusion {
  const { workload, mandate, view } = asked;
  const { instance } = state;
  const bid = lastWord(instance, bidders, asked);
  if (bid === null) {
    return { instance: instance.id, cause: 'capability', detail: 'no bidder quotes for it' };
  }
  const tooSmall = windowExclusion(workload, state, bid.promptTokens);
  if (tooSmall !== null) return tooSmall;
  holdToRecord(bid, view.beliefs.reputation.get(instance.id), workload.receivedAtMs);
  scoreBid(bid, mandate);
  return bid;
}

function lastWord(instance: Instance, bidders: readonly Bidder[], asked: Asked): DraftBid | null {
  for (let i = bidders.length - 1; i > 0; i--) {
    const quote = pluginQuote(bidders[i]!, instance, asked);
    if (quote !== null) return draftOf(quote, accuracyOf(instance.model));
  }
  const house = bidders[0];
  if (house === undefined) return null;
  if (house instanceof HouseBidder) {
    const bid = house.quote(asked.workload, asked.mandate, instance, asked.view);
    return isSound(bid) ? bid : null;
  }
  const quote = soundQuote(house, instance, asked);
  return quote === null ? null : draftOf(quote, accuracyOf(instance.model));
}

/** A plugin's failure costs it its word. One of the house bidder is ours, and surfaces. */
function pluginQuote(bidder: Bidder, instance: Instance, asked: Asked): Quote | null {
  try {
    return soundQuote(bidder, instance, asked);
  } catch {
    return null;
  }
}

function soundQuote(
  bidder: Bidder,
  instance: Instance,
  { workload, mandate, view }: Asked,
): Quote | null {
  const quote = bidder.quote(workload, mandate, instance, view);
  return quote !== null && quote.instance === instance && isSound(quote) ? quote : null;
}

function isSound(quote: Quote): boolean {
  return (
    isQuantity(quote.ttftMs) &&
    isQuantity(quote.latencyMs) &&
    isQuantity(quote.outputTokens) &&
    (quote.costUsd === null || isQuantity(quote.costUsd)) &&
    (quote.energyJoules === null || isQuantity(quote.energyJoules)) &&
    isAmount(quote.waitMs) &&
    isAmount(quote.promptTokens) &&
    isAmount(quote.loadPrice)
  );
}

function isQuantity({ mean, deviation }: Estimate): boolean {
  return isAmount(mean) && isAmount(deviation);
}

function isAmount(value: number): boolean {
  return value >= 0 && value < Infinity;
}
