import type { AttemptsResult, AwardedDecision, Bid } from '../contract/index.ts';
import type { PayOwner, Payment, Tariff } from '../contract/index.ts';
import { PICO_PER_USD } from '../estimate/index.ts';
import { believedUsd, DEFAULT_MARKET } from './external.ts';
import { standInEnergy } from './score.ts';

/** At which score a bid would have lost. */
export interface Clearing {
  readonly score: number;
  readonly by: Payment['clearedBy'];
}

type Auction = Pick<AwardedDecision, 'mandate' | 'result'>;

/**
 * The score at which an owner's bid would have lost: that of the best bid of another owner which had not
 * been tried before, or the reserve, if that is less. Where the bid did not win by its score, since the session
 * had to stay, somebody was to be tried out, or an earlier answer was doubtful, it is the reserve. Nothing of it
 * depends on what the owner quotes.
 */
export function clearingOf({ mandate, result: award }: Auction, bid: Bid): Clearing {
  const { ranked, hold, explored } = award;
  const { owner, reserveScoreUsd: reserve } = bid.external!;
  const place = ranked.indexOf(bid);
  const isFirstOtherwise = place === 0 && (hold !== undefined || explored !== undefined);
  if (place < 0 || isFirstOtherwise || mandate.cascade !== undefined) {
    return { score: reserve, by: 'reserve' };
  }
  let score = reserve;
  for (let i = place + 1; i < ranked.length; i++) {
    const rival = ranked[i]!;
    if (rival.external?.owner === owner) continue;
    if (rival.score < score) score = rival.score;
  }
  return { score, by: score < reserve ? 'runner-up' : 'reserve' };
}

/**
 * What the owner of the instance that served gets (DESIGN §5 and docs/decisions/0015):
 *
 * `clearing score − usdPerSecond·latency − usdPerSecond·overrun − usdPerKilojoule·energy − believed`
 *
 * with latency, overrun of the deadline and energy as they were, and *believed* what the rest of its score
 * came to: the error, the session that moved, the scarcity of budgets. Null: the house's own instance served,
 * or nobody did. An answer that the client left is paid by what came of it.
 */
export function paymentFor(
  auction: Auction,
  served: AttemptsResult,
  tariff: Tariff = DEFAULT_MARKET.tariff,
  clear: typeof clearingOf = clearingOf,
): Payment | null {
  const { bid } = served;
  if (bid === null || bid.external === undefined || bid.external === null) return null;
  if (served.status === 'failed' || served.status === 'cut') return null;
  const { mandate } = auction;
  const { usdPerSecond, usdPerKilojoule } = mandate.objective;
  const clearing = clear(auction, bid);
  const latencyMs = latencyOf(served);
  const overrunMs = Math.max(0, latencyMs - (mandate.limits.maxLatencyMs ?? Infinity));
  const time = (usdPerSecond * latencyMs) / 1000;
  const lateness = (usdPerSecond * overrunMs) / 1000;
  const energy = (usdPerKilojoule * joulesOf(bid, served)) / 1000;
  const clearingPicoUsd = picoOf(clearing.score);
  const timePicoUsd = picoOf(time);
  const latenessPicoUsd = picoOf(lateness);
  const energyPicoUsd = picoOf(energy);
  const believedPicoUsd = picoOf(believedUsd(bid));
  const whole = clearingPicoUsd - timePicoUsd - latenessPicoUsd - energyPicoUsd - believedPicoUsd;
  return {
    owner: bid.external.owner,
    tariff,
    picoUsd: served.status === 'aborted' ? Math.min(whole, served.costPicoUsd) : whole,
    clearingPicoUsd,
    clearedBy: clearing.by,
    timePicoUsd,
    latenessPicoUsd,
    energyPicoUsd,
    believedPicoUsd,
  };
}

/** A stream is judged by its first token and its pace, so that a client that reads slowly costs nobody. */
function latencyOf({ attempts, ttftMs, perTokenMs, usage, totalMs }: AttemptsResult): number {
  if (ttftMs !== null && perTokenMs !== null) {
    const { outputTokens } = attempts.at(-1)?.share?.usage ?? usage;
    return ttftMs + perTokenMs * Math.max(0, outputTokens - 1);
  }
  return attempts.at(-1)?.totalMs ?? totalMs;
}

/** As they were metered, whatever was quoted; else as the exchange believes. */
function joulesOf(bid: Bid, { energySource, energyMicrojoules }: AttemptsResult): number {
  if (energySource !== 'unknown') return energyMicrojoules / 1e6;
  return bid.external!.believed.energyJoules?.mean ?? standInEnergy(bid);
}

/** No part is larger than what five of them can be added up of exactly. */
const PICO_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 5);

const picoOf = (usd: number): number =>
  Math.max(-PICO_MAX, Math.min(PICO_MAX, Math.round(usd * PICO_PER_USD)));

/**
 * What came of the attempts, with the owner paid; under the tariff `clearing` the tenant is charged the payment,
 * never more than its cost limit and never less than nothing. The same object where nobody is to be paid.
 */
export const withPayment: PayOwner = (decision, served) => {
  const external = served.bid?.external;
  if (external === undefined || external === null) return served;
  const { tariff } = decision.policy.config.market ?? DEFAULT_MARKET;
  const payment = paymentFor(decision, served, tariff);
  if (payment === null) return served;
  if (tariff === 'own-rates') return { ...served, payment };
  const { maxCostUsd } = decision.mandate.limits;
  const most = maxCostUsd === null ? Infinity : Math.floor(maxCostUsd * PICO_PER_USD);
  return { ...served, payment, costPicoUsd: Math.max(0, Math.min(payment.picoUsd, most)) };
};
