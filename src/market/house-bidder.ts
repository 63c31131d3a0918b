import type {
  Bidder,
  Estimate,
  Instance,
  Mandate,
  MarketView,
  PowerCurve,
  FlatPrice,
  Workload,
} from '../contract/index.ts';
import {
  crowdingMs,
  decodeJoules,
  PICO_PER_USD,
  prefillJoules,
  ratesFor,
} from '../estimate/index.ts';
import { NO_TERMS } from './draft-bid.ts';
import type { DraftBid } from './draft-bid.ts';
import type { Forecast } from './forecast.ts';
import { Standings } from './standing.ts';
import type { Standing } from './standing.ts';

/** Quotes for instances that cannot quote for themselves, from beliefs, telemetry and the model's card. */
export function createHouseBidder(): Bidder {
  return new HouseBidder();
}

export class HouseBidder implements Bidder {
  readonly apiVersion = 1;
  readonly name = 'house';
  readonly #standings = new Standings();

  /** Milliseconds that one uncached prompt token takes at an instance. */
  prefillMsPerToken(instance: Instance, view: MarketView): number {
    const standing = this.#standings.of(view.fleet, instance, view.load);
    return standing.paceIn(view.beliefs).prefillMsPerToken(standing.busy);
  }

  /** The quote is made as the bid that the market is going to score. */
  quote(workload: Workload, mandate: Mandate, instance: Instance, view: MarketView): DraftBid {
    const { model } = instance;
    const standing = this.#standings.of(view.fleet, instance, view.load);
    const { forecast } = standing;
    forecast.read(workload, mandate, view.beliefs);
    const { promptTokens, answer, outputTokens } = forecast;

    const pace = standing.paceIn(view.beliefs);
    standing.load(view.load.inFlight(instance.id), view.load.pendingTokens(instance.id));
    const { busy, price } = standing;
    const prefix = view.prefix?.() ?? null;
    const cachedShare = prefix === null ? pace.cachedRatio : prefix.cachedShare(instance.id);
    const cachedTokens = promptTokens.mean * cachedShare;
    const uncachedTokens = promptTokens.mean - cachedTokens;
    const ttftMs = pace.ttftMs(busy, uncachedTokens);
    const msPerToken = pace.prefillMsPerToken(busy);
    const lengthMs = promptTokens.deviation * msPerToken;
    const ttftVariance = pace.ttftVariance(busy, uncachedTokens) + lengthMs * lengthMs;
    const waitMs = Math.min(ttftMs, pace.waitMs(busy));
    const perTokenMs = pace.perTokenMs(busy);
    const perTokenVariance = pace.perTokenVariance(busy);
    const backlogMs = busy.pendingTokens * msPerToken + pace.waitMs(busy);
    const prefillMs = uncachedTokens * msPerToken;
    // Of others' prompts it waits for the end, and does not draw the power.
    const ownMs = Math.max(
      Math.min(prefillMs, ttftMs - waitMs),
      ttftMs - Math.max(waitMs, backlogMs),
    );
    const perToken = this.#standings.pressure(view, workload.receivedAtMs);
    // Those who come later, in the queue, and those who decode, in every token.
    const crowdMs =
      crowdingMs(perToken, uncachedTokens, backlogMs + prefillMs / 2) +
      (busy.batch - 1) * pace.perTokenMsPerSequence() * answer.mean;
    const service = { ttftMs: ownMs, ttftVariance, perTokenMs, perTokenVariance };

    return {
      instance,
      costUsd:
        model.price === null
          ? null
          : costOf(ratesFor(model.price, promptTokens.mean), forecast, cachedTokens, price),
      waitMs,
      ttftMs: { mean: ttftMs, deviation: Math.sqrt(ttftVariance) },
      latencyMs: {
        mean: ttftMs + perTokenMs * Math.max(0, answer.mean - 1),
        deviation: Math.sqrt(ttftVariance + decodeVariance(service, answer)),
      },
      energyJoules:
        model.power === null ? null : energyOf(model.power, standing, service, outputTokens),
      loadPrice: price,
      promptTokens: Math.ceil(promptTokens.mean),
      cachedTokens: Math.floor(cachedTokens),
      outputTokens,
      accuracy: standing.accuracy,
      occupancy: busy,
      limitTokens: null,
      score: 0,
      terms: NO_TERMS,
      crowdMs,
      backlogMs,
      prefillMs,
      external: null,
    };
  }
}

/** How long the request takes once it has started. */
interface ServiceTime {
  readonly ttftMs: number;
  readonly ttftVariance: number;
  readonly perTokenMs: number;
  readonly perTokenVariance: number;
}

/** `((prompt − cached)·r_in + cached·r_cached + output·r_out)·m`, in USD. */
function costOf(
  { inputPicoUsd, cachedInputPicoUsd, outputPicoUsd }: FlatPrice,
  { promptTokens, outputTokens, priceDeviation }: Forecast,
  cachedTokens: number,
  price: number,
): Estimate {
  const picoUsd =
    (promptTokens.mean - cachedTokens) * inputPicoUsd +
    cachedTokens * cachedInputPicoUsd +
    outputTokens.mean * outputPicoUsd;
  const factor = price / PICO_PER_USD;
  return { mean: picoUsd * factor, deviation: priceDeviation * factor };
}

/** Variance of the product of two independent quantities: output tokens and the time per token. */
function decodeVariance(
  { perTokenMs, perTokenVariance }: ServiceTime,
  { mean, deviation }: Estimate,
): number {
  const lengthVariance = deviation * deviation;
  return (
    mean * mean * perTokenVariance +
    perTokenMs * perTokenMs * lengthVariance +
    perTokenVariance * lengthVariance
  );
}

/** The joules that this request adds to the batch that it joins. */
function energyOf(
  curve: PowerCurve,
  { batchWatts, busy }: Standing,
  { ttftMs, ttftVariance, perTokenMs, perTokenVariance }: ServiceTime,
  { mean, deviation }: Estimate,
): Estimate {
  const prefill = prefillJoules(curve, ttftMs);
  const joules = prefill + decodeJoules(batchWatts, Math.max(1, busy.batch), perTokenMs * mean);
  const prefillDeviation = ttftMs > 0 ? prefill * (Math.sqrt(ttftVariance) / ttftMs) : 0;
  const lengthRatio = mean > 0 ? deviation / mean : 0;
  const paceVariance = perTokenMs > 0 ? perTokenVariance / (perTokenMs * perTokenMs) : 0;
  const decode = joules - prefill;
  const variance =
    prefillDeviation * prefillDeviation +
    decode * decode * (lengthRatio * lengthRatio + paceVariance);
  return { mean: joules, deviation: Math.sqrt(variance) };
}
