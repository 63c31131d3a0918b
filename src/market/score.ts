import type { Mandate, Quote, ShadowPrices } from '../contract/index.ts';
import { expectedOverrun } from '../estimate/index.ts';
import type { DraftBid } from './draft-bid.ts';

/**
 * What an unknown quantity is scored as. It stays null in the bid and is shown as unknown; the
 * stand-in is dear and fixed, so that ignorance never wins by silence and no bid's score depends on
 * another bid.
 */
const STAND_INS = {
  /** A coin flip. */
  accuracy: 0.5,
  /** The rates of a dear frontier model, in USD per million tokens. */
  inputUsdPerMTok: 5,
  outputUsdPerMTok: 25,
  /** A 70B model on four GPUs, serving nobody else. */
  joulesPerPromptToken: 0.5,
  joulesPerOutputToken: 20,
} as const;

/**
 * Puts a bid's score together, in USD, lower is better (DESIGN §5):
 *
 * `cost + usdPerSecond·(E[latency] + E[delay of others]) + usdPerError·(1 − accuracy) + usdPerKilojoule·energy + lateness + switching + pacing`
 *
 * Pacing is what scarcity adds: each quantity that a paced budget holds, at its shadow price. Lateness is what the expected overrun of the deadline costs at the price of time; switching is the
 * KV that a session would leave behind, which stands in the bid's terms before it is scored.
 */
export function scoreBid(
  bid: DraftBid,
  { objective, limits, shadow }: Pick<Mandate, 'objective' | 'limits' | 'shadow'>,
): void {
  const { usdPerSecond, usdPerError, usdPerKilojoule } = objective;
  const { costUsd, accuracy, energyJoules } = bid;
  const { mean: latencyMs, deviation } = bid.latencyMs;
  const deadlineMs = limits.maxLatencyMs;
  const cost = costUsd === null ? standInCost(bid) : costUsd.mean;
  const time = (usdPerSecond * latencyMs) / 1000;
  const crowding = (usdPerSecond * (bid.crowdMs ?? 0)) / 1000;
  const error = usdPerError * (1 - (accuracy === null ? STAND_INS.accuracy : accuracy.mean));
  const joules = energyJoules === null ? standInEnergy(bid) : energyJoules.mean;
  const energy = (usdPerKilojoule * joules) / 1000;
  const lateness =
    deadlineMs === null
      ? 0
      : (usdPerSecond * expectedOverrun(latencyMs, deviation, deadlineMs)) / 1000;
  const { switching } = bid.terms;
  const pacing = shadow === undefined ? 0 : scarcity(bid, usedOf(bid, cost, joules), shadow);
  bid.terms = { cost, time, crowding, error, energy, lateness, switching, pacing };
  bid.score = cost + time + crowding + error + energy + lateness + switching + pacing;
}

/** What budgets are expected to lose: of an owner's bid, what is believed of it. */
function usedOf(
  bid: DraftBid,
  cost: number,
  joules: number,
): { readonly cost: number; readonly joules: number } {
  const believed = bid.external?.believed;
  if (believed === undefined) return { cost, joules };
  return {
    cost: believed.costUsd === null ? standInCost(bid) : believed.costUsd.mean,
    joules: believed.energyJoules === null ? standInEnergy(bid) : believed.energyJoules.mean,
  };
}

/** Budgets are charged list rates: the load price is no part of what they lose. */
function scarcity(
  { promptTokens, outputTokens, loadPrice }: Quote,
  used: { readonly cost: number; readonly joules: number },
  { perUsd, usdPerToken, usdPerJoule }: ShadowPrices,
): number {
  const chargedUsd = loadPrice > 0 ? used.cost / loadPrice : used.cost;
  const tokens = promptTokens + outputTokens.mean;
  return perUsd * chargedUsd + usdPerToken * tokens + usdPerJoule * used.joules;
}

function standInCost({ promptTokens, outputTokens, loadPrice }: Quote): number {
  const usdPerMillion =
    promptTokens * STAND_INS.inputUsdPerMTok + outputTokens.mean * STAND_INS.outputUsdPerMTok;
  return (usdPerMillion / 1e6) * loadPrice;
}

/** Joules of a request where nobody knows them. */
export function standInEnergy({
  promptTokens,
  outputTokens,
}: Pick<Quote, 'promptTokens' | 'outputTokens'>): number {
  return (
    promptTokens * STAND_INS.joulesPerPromptToken +
    outputTokens.mean * STAND_INS.joulesPerOutputToken
  );
}
