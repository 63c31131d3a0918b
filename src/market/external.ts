import type {
  Bid,
  BidFacts,
  BidQuestion,
  Bidder,
  Estimate,
  Exclusion,
  ExternalQuote,
  InstanceState,
  Mandate,
  MarketConfig,
  MarketView,
  QuotedEstimate,
  Quotes,
  Reputation,
  ReserveRule,
  Workload,
} from '../contract/index.ts';
import { GOOD_REPUTATION, PROMISED_JOULES_MIN, PROMISED_MS_MIN } from '../estimate/index.ts';
import { reputationAt, retriesOf } from '../estimate/index.ts';
import type { DraftBid } from './draft-bid.ts';
import { exclusionOf, windowExclusion } from './eligibility.ts';
import { HouseBidder } from './house-bidder.ts';
import { scoreBid } from './score.ts';
import { holdOf, placementOf } from './session-hold.ts';

/** In force where the policy says nothing of the market. */
export const DEFAULT_MARKET: MarketConfig = {
  bidDeadlineMs: 20,
  bidsOutstanding: 64,
  tellsPrices: false,
  tariff: 'own-rates',
  reserveMarkup: 2,
  reserveScoreUsd: null,
};

/**
 * The questions that this request puts to bidders. None where there is no auction: one instance alone
 * may serve, or the session must stay where it is.
 */
export function bidQuestions(
  workload: Workload,
  mandate: Mandate,
  view: MarketView,
  options: { readonly house: Bidder | undefined; readonly tellsPrices: boolean },
): readonly BidQuestion[] {
  const { house, tellsPrices } = options;
  if (!(house instanceof HouseBidder)) return [];
  const open = view.fleet.states.filter(
    (state) => exclusionOf(workload, mandate, state, view.load) === null,
  );
  if (open.length < 2 || isHeld(open, workload, view)) return [];
  const questions: BidQuestion[] = [];
  let eligible = 0;
  for (const state of open) {
    const { instance } = state;
    const draft = house.quote(workload, mandate, instance, view);
    if (windowExclusion(workload, state, draft.promptTokens) !== null) continue;
    eligible++;
    if (instance.bidder === undefined) continue;
    questions.push({ instance, facts: factsOf(draft, workload, mandate, tellsPrices) });
  }
  return eligible > 1 ? questions : [];
}

function isHeld(open: readonly InstanceState[], workload: Workload, view: MarketView): boolean {
  const hold = holdOf(workload, placementOf(workload, view));
  return hold !== null && open.some(({ instance }) => instance.id === hold.instance);
}

function factsOf(
  { instance, promptTokens, cachedTokens, outputTokens }: Bid,
  workload: Workload,
  { objective, limits }: Mandate,
  tellsPrices: boolean,
): BidFacts {
  const { surface, isStream } = workload;
  const { usdPerSecond, usdPerKilojoule } = objective;
  return {
    instance: instance.id,
    model: instance.model.id,
    surface,
    isStream,
    archetype: surface === 'embeddings' ? '' : workload.archetype().key,
    promptTokens,
    cachedTokens,
    outputTokens,
    deadlineMs: limits.maxLatencyMs,
    ...(tellsPrices && { prices: { usdPerSecond, usdPerKilojoule } }),
  };
}

/** The request that a bid is for. */
interface Asked {
  readonly workload: Workload;
  readonly mandate: Mandate;
  readonly view: MarketView;
}

/**
 * Turns the house's quote for an owner's instance into the owner's bid: its own quote as credible as its
 * record, where it has one. What the house believes stays beside it: a bidder must not decide by its word
 * whether it keeps a limit, nor be scored by what nobody can measure. False: the bidder declines.
 */
export function heedOwner(
  bid: DraftBid,
  { workload, mandate, view }: Asked,
  { instance, telemetry }: InstanceState,
): boolean {
  const quote = view.external?.quotes.get(instance.id);
  if (quote === null) return false;
  const known = view.beliefs.reputation.get(instance.id);
  const reputation =
    known === undefined ? GOOD_REPUTATION : reputationAt(known, workload.receivedAtMs);
  if (bid.costUsd !== null) bid.costUsd = times(bid.costUsd, 1 / bid.loadPrice);
  bid.loadPrice = 1;
  // The habitual lateness is that of whose promises they were.
  const isOwnWord = instance.bidder !== undefined;
  correctTimes(bid, (isOwnWord ? 1 : reputation.latencyRatio) * retriesOf(reputation));
  const { costUsd, ttftMs, latencyMs, energyJoules } = bid;
  scoreBid(bid, mandate);
  const { cost, time, energy, lateness } = bid.terms;
  bid.external = {
    owner: instance.owner ?? instance.id,
    believed: { costUsd, ttftMs, latencyMs, energyJoules },
    quoted: quote ?? null,
    listUsd: cost + time + energy + lateness,
    reserveScoreUsd: Infinity,
  };
  // Energy that nobody can measure is nobody's to promise.
  const isMetered = instance.model.power !== null || telemetry.powerWatts !== null;
  if (quote !== undefined) quoteBy(bid, quote, { reputation, isMetered });
  return true;
}

function quoteBy(
  bid: DraftBid,
  quote: ExternalQuote,
  { reputation, isMetered }: { readonly reputation: Reputation; readonly isMetered: boolean },
): void {
  const { latencyRatio, energyRatio = 1, missRatio = 0 } = reputation;
  bid.costUsd = estimateOf(quote.costUsd, bid.costUsd, 0);
  bid.ttftMs = estimateOf(quote.ttftMs, bid.ttftMs, PROMISED_MS_MIN);
  bid.latencyMs = estimateOf(quote.latencyMs, bid.latencyMs, PROMISED_MS_MIN);
  correctTimes(bid, latencyRatio * retriesOf(reputation));
  bid.latencyMs = widened(bid.latencyMs, missRatio);
  if (isMetered && quote.energyJoules !== null) {
    bid.energyJoules = times(
      estimateOf(quote.energyJoules, bid.energyJoules, PROMISED_JOULES_MIN),
      energyRatio,
    );
  }
}

/** Without a deviation of its own, a quote is as uncertain as the house finds the quantity. */
function estimateOf(quote: QuotedEstimate, house: Estimate | null, least: number): Estimate {
  const mean = Math.max(least, quote.mean);
  if (quote.deviation !== null) return { mean, deviation: quote.deviation };
  const spread = house === null || !(house.mean > 0) ? 0 : house.deviation / house.mean;
  return { mean, deviation: mean * spread };
}

function correctTimes(bid: DraftBid, factor: number): void {
  if (!(factor > 1)) return;
  bid.ttftMs = inflated(bid.ttftMs, factor);
  bid.latencyMs = inflated(bid.latencyMs, factor);
}

/** The deviation grows by the whole correction, since nobody knows when the habit strikes. */
function inflated({ mean, deviation }: Estimate, factor: number): Estimate {
  return { mean: mean * factor, deviation: deviation * factor + mean * (factor - 1) };
}

const widened = ({ mean, deviation }: Estimate, ratio: number): Estimate => ({
  mean,
  deviation: deviation + mean * ratio,
});

const times = ({ mean, deviation }: Estimate, factor: number): Estimate => ({
  mean: mean * factor,
  deviation: deviation * factor,
});

/** What a score comes to without the parts that a bidder has a say in: cost, time, energy and lateness. */
export const believedUsd = ({ score, terms }: Pick<Bid, 'score' | 'terms'>): number =>
  score - terms.cost - terms.time - terms.energy - terms.lateness;

/**
 * Gives each owner its reserve, takes out the quotes that ask for more, and tells who has not quoted. One reserve
 * holds for all instances of an owner, the highest of theirs: were there several, it would pay to withhold an
 * instance for the reserve of another.
 */
export function withReserve(
  quotes: Quotes,
  { external }: MarketView,
  { reserveMarkup, reserveScoreUsd }: ReserveRule,
): Quotes {
  const reserves = new Map<string, number>();
  for (const bid of quotes.bids) {
    if (!bid.external) continue;
    const { owner, listUsd } = bid.external;
    const own = Math.min(reserveScoreUsd ?? Infinity, believedUsd(bid) + reserveMarkup * listUsd);
    reserves.set(owner, Math.max(own, reserves.get(owner) ?? -Infinity));
  }
  const bids: Bid[] = [];
  const excluded: Exclusion[] = [...quotes.excluded];
  for (const bid of quotes.bids as readonly DraftBid[]) {
    const reserve = bid.external ? reserves.get(bid.external.owner)! : Infinity;
    if (bid.external) bid.external = { ...bid.external, reserveScoreUsd: reserve };
    if (bid.score <= reserve || !bid.external?.quoted) {
      bids.push(bid);
      continue;
    }
    const detail = `it asks for more than the reserve: ${usd(bid.score)} and not ${usd(reserve)} USD`;
    excluded.push({ instance: bid.instance.id, cause: 'bid', detail });
  }
  const missed = external?.missed ?? [];
  return { ...quotes, bids, excluded, ...(missed.length > 0 && { missed }) };
}

const usd = (amount: number): string => String(Number(amount.toPrecision(3)));
