import { PICO_PER_USD, dearestRates } from '../estimate/index.ts';
import type { Amounts, AwardedDecision, Bid, ReserveRequest } from '../contract/index.ts';
import { severalBound } from './reserve-several.ts';
import type { TokenRates } from './reserve-several.ts';

/** What is asked for when neither the caller, the route nor the model sets an output ceiling. */
const DEFAULT_CEILING_TOKENS = 4096;
/** An answer shorter than this is of no use: a budget that cannot pay for it refuses. */
const USEFUL_TOKENS_MIN = 16;
/** Modelled energy varies with the batch; a reservation holds this many times the expectation. */
const ENERGY_MARGIN = 4;

/**
 * The most that a decision may use: the prompt's bound, and an output ceiling at the dearest rates
 * among the instances that may be tried. Attempts follow one another and only the one that answers
 * is charged, so they share one reservation; where several answers are charged, it is the sum of theirs.
 */
export function reserveRequestOf(decision: AwardedDecision): ReserveRequest {
  const { workload, mandate, result } = decision;
  const candidates = result.ranked.slice(0, mandate.attempts.max);
  const promptTokens = promptBound(decision);
  const ceilingTokens = wantedCeiling(decision, candidates);
  const { inputPicoUsd, outputPicoUsd, tokenMicrojoules } = ratesOf(candidates);
  const several = severalBound(decision, promptTokens, ratesOf);
  const fixed = several?.fixed ?? amounts(promptTokens, inputPicoUsd, tokenMicrojoules);
  return {
    decision: workload.id,
    tenant: workload.caller.tenant,
    key: workload.caller.key,
    user: workload.user,
    route: mandate.route,
    fixed: { ...fixed, picoUsd: Math.max(fixed.picoUsd, clearingBound(decision, candidates)) },
    perOutputToken:
      several?.perOutputToken ?? amounts(workload.choices, outputPicoUsd, tokenMicrojoules),
    ceilingTokens,
    ceilingTokensMin: Math.min(ceilingTokens, USEFUL_TOKENS_MIN),
  };
}

/** The dearest of each. */
function ratesOf(bids: readonly Bid[]): TokenRates {
  let inputPicoUsd = 0;
  let outputPicoUsd = 0;
  let tokenMicrojoules = 0;
  for (const bid of bids) {
    const dearest = dearestRates(bid.instance.model.price);
    inputPicoUsd = Math.max(inputPicoUsd, dearest.inputPicoUsd);
    outputPicoUsd = Math.max(outputPicoUsd, dearest.outputPicoUsd);
    tokenMicrojoules = Math.max(tokenMicrojoules, energyPerToken(bid));
  }
  return { inputPicoUsd, outputPicoUsd, tokenMicrojoules };
}

/**
 * The most, in pico-USD, that an owner is paid for one answer, where the tenant is charged it: the reserve, which
 * no clearing score exceeds, with nothing taken off for time and energy.
 */
function clearingBound(
  { policy }: Pick<AwardedDecision, 'policy'>,
  candidates: readonly Bid[],
): number {
  if (policy.config.market?.tariff !== 'clearing') return 0;
  let mostUsd = 0;
  for (const { external, score, terms } of candidates) {
    if (!external) continue;
    const believed = score - terms.cost - terms.time - terms.energy - terms.lateness;
    mostUsd = Math.max(mostUsd, external.reserveScoreUsd - believed);
  }
  return Math.min(Math.ceil(mostUsd * PICO_PER_USD) + ROUNDING, Number.MAX_SAFE_INTEGER);
}

/** Each of the five parts of a payment is rounded. */
const ROUNDING = 5;

/** What a settlement charges: the real usage, never more than what was held. */
export function actualAmounts(
  result: {
    readonly usage: { readonly promptTokens: number; readonly outputTokens: number };
    readonly costPicoUsd: number;
    readonly energyMicrojoules: number;
  },
  held: Amounts,
): Amounts {
  return {
    tokens: Math.min(result.usage.promptTokens + result.usage.outputTokens, held.tokens),
    picoUsd: Math.min(result.costPicoUsd, held.picoUsd),
    microjoules: Math.min(result.energyMicrojoules, held.microjoules),
  };
}

function amounts(tokens: number, picoUsdPerToken: number, microjoulesPerToken: number): Amounts {
  return {
    tokens,
    picoUsd: Math.ceil(tokens * picoUsdPerToken),
    microjoules: Math.ceil(tokens * microjoulesPerToken),
  };
}

function promptBound(decision: AwardedDecision): number {
  const injected = decision.mandate.injection.systemPrompt;
  const injectedBytes = injected === null ? 0 : Buffer.byteLength(injected.text);
  return decision.workload.promptTokensBound + injectedBytes;
}

function wantedCeiling(decision: AwardedDecision, candidates: readonly Bid[]): number {
  const { workload, mandate } = decision;
  if (workload.surface === 'embeddings') return 0;
  const asked = workload.outputCeilingTokens ?? mandate.injection.maxOutputTokens;
  if (asked !== null) return asked;
  const limit = commonLimit(decision.result.ranked);
  if (limit !== null) return limit;
  let known = 0;
  for (const bid of candidates) known = Math.max(known, bid.instance.model.maxOutputTokens ?? 0);
  return known > 0 ? known : DEFAULT_CEILING_TOKENS;
}

/** The largest limit that the exchange itself sets; null where it leaves an instance that may be asked unlimited. */
function commonLimit(bids: readonly Bid[]): number | null {
  let largest: number | null = null;
  for (const { limitTokens } of bids) {
    if (limitTokens === undefined || limitTokens === null) return null;
    largest = Math.max(largest ?? 0, limitTokens);
  }
  return largest;
}

function energyPerToken(bid: Bid): number {
  if (bid.energyJoules === null) return 0;
  const tokens = Math.max(1, bid.outputTokens.mean);
  return (bid.energyJoules.mean * 1e6 * ENERGY_MARGIN) / tokens;
}
