import type { Bid, Estimate, Mandate, Quote, ScoreTerms } from '../contract/index.ts';
import { expectedOverrun } from '../estimate/index.ts';

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
 * `cost + usdPerSecond·E[latency] + usdPerError·(1 − accuracy) + usdPerKilojoule·energy + lateness + switching`
 *
 * Lateness is what the expected overrun of the deadline costs at the price of time; switching is the
 * KV that a session would leave behind, which is nothing while no session is bound to an instance.
 */
export function scoreBid(
  quote: Quote,
  accuracy: Estimate | null,
  { objective, limits }: Pick<Mandate, 'objective' | 'limits'>,
): Bid {
  const { usdPerSecond, usdPerError, usdPerKilojoule } = objective;
  const { mean: latencyMs, deviation } = quote.latencyMs;
  const deadlineMs = limits.maxLatencyMs;
  const terms: ScoreTerms = {
    cost: quote.costUsd === null ? standInCost(quote) : quote.costUsd.mean,
    time: (usdPerSecond * latencyMs) / 1000,
    error: usdPerError * (1 - (accuracy === null ? STAND_INS.accuracy : accuracy.mean)),
    energy: (usdPerKilojoule * (quote.energyJoules?.mean ?? standInEnergy(quote))) / 1000,
    lateness:
      deadlineMs === null
        ? 0
        : (usdPerSecond * expectedOverrun(latencyMs, deviation, deadlineMs)) / 1000,
    switching: 0,
  };
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
    score: terms.cost + terms.time + terms.error + terms.energy + terms.lateness + terms.switching,
    terms,
  };
}

function standInCost({ promptTokens, outputTokens, loadPrice }: Quote): number {
  const usdPerMillion =
    promptTokens * STAND_INS.inputUsdPerMTok + outputTokens.mean * STAND_INS.outputUsdPerMTok;
  return (usdPerMillion / 1e6) * loadPrice;
}

function standInEnergy({ promptTokens, outputTokens }: Quote): number {
  return (
    promptTokens * STAND_INS.joulesPerPromptToken +
    outputTokens.mean * STAND_INS.joulesPerOutputToken
  );
}
