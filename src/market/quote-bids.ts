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
  ScoreTerms,
  SessionPlacement,
  Workload,
} from '../contract/index.ts';
import { accuracyOf, learnedAccuracy, refineByTopic } from './accuracy.ts';
import { draftOf, NO_TERMS } from './draft-bid.ts';
import type { DraftBid } from './draft-bid.ts';
import { exclusionOf, windowExclusion } from './eligibility.ts';
import { heedOwner, withReserve } from './external.ts';
import { HouseBidder } from './house-bidder.ts';
import { OutputLimiter } from './output-limit.ts';
import { markNeeds } from './probes.ts';
import { holdToRecord } from './reputation.ts';
import { scoreBid } from './score.ts';
import { applyHold, holdOf, placementOf } from './session-hold.ts';
import { switchingUsd } from './switching.ts';

/** What a shorter prompt leaves behind is computed again in milliseconds. */
const SWITCHING_TOKENS_MIN = 256;

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
  const limiter =
    mandate.injection.outputLimit === undefined ? null : new OutputLimiter(workload, mandate, view);
  const open: InstanceState[] = [];
  let barred: Exclusion[] | null = null;
  for (let i = 0; i < states.length; i++) {
    const exclusion = exclusionOf(workload, mandate, states[i]!, view.load);
    if (exclusion === null) open.push(states[i]!);
    else (barred ??= []).push(exclusion);
  }
  const placement = placementOf(workload, view);
  const wanted = holdOf(workload, placement);
  const held = wanted === null ? null : applyHold(open, barred ?? NOBODY, wanted);
  const eligible = held?.eligible ?? open;
  const known = eligible.length > 1 ? view : withoutPrefix(view);
  const asked: Asked = { workload, mandate, view: known, limiter, placement };
  const bids: Bid[] = [];
  let excluded: readonly Exclusion[] = held?.excluded ?? barred ?? NOBODY;
  let unfit: Exclusion[] | null = null;
  for (let i = 0; i < eligible.length; i++) {
    const offer = offerFor(eligible[i]!, bidders, asked);
    if ('score' in offer) bids.push(offer);
    else (unfit ??= []).push(offer);
  }
  if (unfit !== null) excluded = [...excluded, ...unfit];
  refineByTopic(bids, mandate, view, workload.receivedAtMs);
  if (mandate.exploration !== undefined && mandate.exploration.probes !== null) {
    markNeeds(bids, view, workload.receivedAtMs);
  }
  const quotes =
    held === null || held.hold === null ? { bids, excluded } : { bids, excluded, hold: held.hold };
  return view.reserve === undefined ? quotes : withReserve(quotes, view, view.reserve);
}

/** One that has no rival wins whatever its cache holds: its prompt is not cut into blocks. */
function withoutPrefix(view: MarketView): MarketView {
  const { prefix: _, ...rest } = view;
  return rest;
}

interface Asked {
  readonly workload: Workload;
  readonly mandate: Mandate;
  readonly view: MarketView;
  /** Null where the route chooses no output limit. */
  readonly limiter: OutputLimiter | null;
  /** Where the request's session was last served. */
  readonly placement: SessionPlacement | null;
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
  if (view.reserve !== undefined && instance.owner !== undefined) {
    if (!heedOwner(bid, asked, state)) {
      return { instance: instance.id, cause: 'bid', detail: 'its bidder declines' };
    }
  } else holdToRecord(bid, view.beliefs.reputation.get(instance.id), workload.receivedAtMs);
  if (view.beliefs.accuracy.size > 0) {
    bid.accuracy = learnedAccuracy(instance.model, view, workload.receivedAtMs);
  }
  if (asked.placement !== null) bid.terms = switchingTerms(bid, asked.placement, bidders, asked);
  scoreBid(bid, mandate);
  if (asked.limiter !== null) bid.limitTokens = asked.limiter.limitFor(bid, state.features);
  return bid;
}

/** The terms before scoring: what the session would lose here, which the bidder cannot know. */
function switchingTerms(
  bid: DraftBid,
  placement: SessionPlacement,
  bidders: readonly Bidder[],
  { mandate, view }: Asked,
): ScoreTerms {
  if (bid.promptTokens < SWITCHING_TOKENS_MIN) return NO_TERMS;
  const house = bidders[0];
  const msPerToken = house instanceof HouseBidder ? house.prefillMsPerToken(bid.instance, view) : 0;
  const { objective } = mandate;
  const prefix = view.prefix?.() ?? null;
  const switching = switchingUsd(bid, placement, { prefix, msPerToken, objective });
  return switching === 0 ? NO_TERMS : { ...NO_TERMS, switching };
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
