import type {
  Bidder,
  Estimate,
  Instance,
  Mandate,
  MarketView,
  Model,
  PowerCurve,
  Price,
  Quote,
  Workload,
} from '../contract/index.ts';
import { NO_TELEMETRY } from '../contract/index.ts';
import {
  COLD_TIMING,
  expectedCachedRatio,
  expectedServiceTime,
  loadPrice,
  occupancy,
  PICO_PER_USD,
  requestEnergyJoules,
  underCeiling,
  waitMs,
  waitVariance,
} from '../estimate/index.ts';
import type { ServiceTime } from '../estimate/index.ts';
import { createForecasts } from './forecasts.ts';
import type { Forecast, Forecasts } from './forecasts.ts';
import { createStateIndex } from './state-index.ts';

/** Quotes for instances that cannot quote for themselves, from beliefs, telemetry and the model's card. */
export function createHouseBidder(): Bidder {
  return new HouseBidder();
}

class HouseBidder implements Bidder {
  readonly apiVersion = 1;
  readonly name = 'house';
  readonly #forecasts: Forecasts = createForecasts();
  readonly #states = createStateIndex();

  quote(workload: Workload, mandate: Mandate, instance: Instance, view: MarketView): Quote {
    const { model } = instance;
    const forecast = this.#forecasts.of(workload, mandate, model, view.beliefs);
    const { promptTokens, answerTokens } = forecast;
    const answer = underCeiling(answerTokens, ceilingOf(workload, mandate, model));
    const outputTokens = times(answer, Math.max(1, workload.choices));

    const timing = view.beliefs.timing.get(instance.id) ?? COLD_TIMING;
    const cachedTokens = promptTokens.mean * expectedCachedRatio(timing);
    const service = expectedServiceTime(timing, promptTokens.mean - cachedTokens);
    const decodeMs = service.perTokenMs * Math.max(0, answer.mean - 1);

    const telemetry = this.#states.of(view.fleet, instance.id)?.telemetry ?? NO_TELEMETRY;
    const busy = occupancy(instance, telemetry, view.load.inFlight(instance.id));
    // Those in front are taken to be requests like this one, without its ceiling.
    const othersMs = service.ttftMs + service.perTokenMs * answerTokens.mean;
    const queueMs = waitMs(busy, othersMs);
    const ttftMs = queueMs + service.ttftMs;
    const ttftVariance = service.ttftVariance + waitVariance(busy, othersMs);
    const price = loadPrice(busy.kvUsageRatio, busy.ahead / busy.slots);

    return {
      instance,
      costUsd: costOf(model.price, forecast, { cachedTokens, outputTokens, price }),
      waitMs: queueMs,
      ttftMs: { mean: ttftMs, deviation: Math.sqrt(ttftVariance) },
      latencyMs: {
        mean: ttftMs + decodeMs,
        deviation: Math.sqrt(ttftVariance + decodeVariance(service, answer)),
      },
      energyJoules: energyOf(model.power, service, outputTokens, busy.batch),
      loadPrice: price,
      promptTokens: Math.ceil(promptTokens.mean),
      cachedTokens: Math.floor(cachedTokens),
      outputTokens,
    };
  }
}

/** The most tokens that one answer may have: the caller's, the route's and the model's ceiling apply together. */
function ceilingOf(workload: Workload, mandate: Mandate, model: Model): number {
  return Math.min(
    workload.outputCeilingTokens ?? Infinity,
    mandate.injection.maxOutputTokens ?? Infinity,
    model.maxOutputTokens ?? Infinity,
  );
}

function times(estimate: Estimate, count: number): Estimate {
  if (count === 1) return estimate;
  return { mean: estimate.mean * count, deviation: estimate.deviation * count };
}

/** `((prompt − cached)·r_in + cached·r_cached + output·r_out)·m`, in USD; null where the price is unknown. */
function costOf(
  rates: Price | null,
  { promptTokens }: Forecast,
  sale: {
    readonly cachedTokens: number;
    readonly outputTokens: Estimate;
    readonly price: number;
  },
): Estimate | null {
  if (rates === null) return null;
  const { inputPicoUsd, cachedInputPicoUsd, outputPicoUsd } = rates;
  const { cachedTokens, outputTokens, price } = sale;
  const picoUsd =
    (promptTokens.mean - cachedTokens) * inputPicoUsd +
    cachedTokens * cachedInputPicoUsd +
    outputTokens.mean * outputPicoUsd;
  const promptPart = promptTokens.deviation * inputPicoUsd;
  const outputPart = outputTokens.deviation * outputPicoUsd;
  const factor = price / PICO_PER_USD;
  return {
    mean: picoUsd * factor,
    deviation: Math.sqrt(promptPart * promptPart + outputPart * outputPart) * factor,
  };
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

/** The joules that this request adds to the batch that it joins; null where the power curve is unknown. */
function energyOf(
  curve: PowerCurve | null,
  { ttftMs, ttftVariance, perTokenMs, perTokenVariance }: ServiceTime,
  { mean, deviation }: Estimate,
  batch: number,
): Estimate | null {
  if (curve === null) return null;
  const decodeMs = perTokenMs * mean;
  const joules = requestEnergyJoules(curve, { batch, prefillMs: ttftMs, decodeMs });
  const prefillJoules = (curve.peakWatts * curve.gpus * ttftMs) / 1000;
  const prefillDeviation = ttftMs > 0 ? prefillJoules * (Math.sqrt(ttftVariance) / ttftMs) : 0;
  const lengthRatio = mean > 0 ? deviation / mean : 0;
  const paceVariance = perTokenMs > 0 ? perTokenVariance / (perTokenMs * perTokenMs) : 0;
  const decodeJoules = joules - prefillJoules;
  const variance =
    prefillDeviation * prefillDeviation +
    decodeJoules * decodeJoules * (lengthRatio * lengthRatio + paceVariance);
  return { mean: joules, deviation: Math.sqrt(variance) };
}
