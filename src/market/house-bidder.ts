import type {
  Bidder,
  Estimate,
  Instance,
  Mandate,
  MarketView,
  PowerCurve,
  Price,
  Workload,
} from '../contract/index.ts';
import {
  decodeJoules,
  expectedServiceTime,
  PICO_PER_USD,
  prefillJoules,
  waitMs,
  waitVariance,
} from '../estimate/index.ts';
import type { ServiceTime } from '../estimate/index.ts';
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

  /** The quote is made as the bid that the market is going to score. */
  quote(workload: Workload, mandate: Mandate, instance: Instance, view: MarketView): DraftBid {
    const { model } = instance;
    const standing = this.#standings.of(view.fleet, instance);
    const { forecast } = standing;
    forecast.read(workload, mandate, view.beliefs);
    const { promptTokens, answerTokens, answer, outputTokens } = forecast;

    const pace = standing.paceIn(view.beliefs);
    const cachedTokens = promptTokens.mean * pace.cachedRatio;
    const service = expectedServiceTime(pace, promptTokens.mean - cachedTokens);
    const decodeMs = service.perTokenMs * Math.max(0, answer.mean - 1);

    standing.load(view.load.inFlight(instance.id));
    const { busy, price } = standing;
    // Those in front are taken to be requests like this one, without its ceiling.
    const othersMs = service.ttftMs + service.perTokenMs * answerTokens.mean;
    const queueMs = waitMs(busy, othersMs);
    const ttftMs = queueMs + service.ttftMs;
    const ttftVariance = service.ttftVariance + waitVariance(busy, othersMs);

    return {
      instance,
      costUsd: model.price === null ? null : costOf(model.price, forecast, cachedTokens, price),
      waitMs: queueMs,
      ttftMs: { mean: ttftMs, deviation: Math.sqrt(ttftVariance) },
      latencyMs: {
        mean: ttftMs + decodeMs,
        deviation: Math.sqrt(ttftVariance + decodeVariance(service, answer)),
      },
      energyJoules:
        model.power === null ? null : energyOf(model.power, standing, service, outputTokens),
      loadPrice: price,
      promptTokens: Math.ceil(promptTokens.mean),
      cachedTokens: Math.floor(cachedTokens),
      outputTokens,
      accuracy: standing.accuracy,
      score: 0,
      terms: NO_TERMS,
    };
  }
}

/** `((prompt − cached)·r_in + cached·r_cached + output·r_out)·m`, in USD. */
function costOf(
  { inputPicoUsd, cachedInputPicoUsd, outputPicoUsd }: Price,
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
