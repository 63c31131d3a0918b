import { stepsOf } from '../estimate/index.ts';
import type { Amounts, AwardedDecision, Bid, CascadePlan } from '../contract/index.ts';

/** The question of a self-check and its answer, with what the template adds. */
const CHECK_TOKENS = 128;

/** What one token in and one token out cost at most, where one answer is charged. */
export interface TokenRates {
  readonly inputPicoUsd: number;
  readonly outputPicoUsd: number;
  readonly tokenMicrojoules: number;
}

/** What is held for a request that several may be charged for: for its prompt, and for each token of the ceiling. */
export interface SeveralBound {
  readonly fixed: Amounts;
  readonly perOutputToken: Amounts;
}

/**
 * The sum of the bounds of all that may be charged: each step of a cascade and each check of an answer,
 * both sides of a hedge. Null where the request is asked once.
 */
export function severalBound(
  { workload, mandate, result }: AwardedDecision,
  promptTokens: number,
  ratesOf: (bids: readonly Bid[]) => TokenRates,
): SeveralBound | null {
  const { cascade, hedge, objective } = mandate;
  const isOnce = (cascade ?? hedge) === undefined || workload.choices > 1;
  if (isOnce || workload.surface === 'embeddings') return null;
  const byInstance = result.ranked.map((bid) => [bid]);
  if (cascade === undefined) {
    // Whoever takes part in a hedge is charged once, and there are two.
    return boundOf(dearest(byInstance.map(ratesOf), 2), promptTokens);
  }
  const steps =
    cascade.steps === null
      ? dearest(modelsOf(result.ranked).map(ratesOf), cascade.maxSteps)
      : stepsOf(cascade, result.ranked, objective).map(({ bids }) => ratesOf(bids));
  const own = boundOf(steps, promptTokens);
  const checks = checkRates(cascade, result.ranked, ratesOf).slice(
    0,
    Math.max(0, steps.length - 1),
  );
  return checks.length === 0 ? own : withChecks(own, checks, promptTokens);
}

/** Each quantity on its own: of so many of them, no choice costs more. */
function dearest(rates: readonly TokenRates[], count: number): readonly TokenRates[] {
  const sorted = (key: keyof TokenRates): number[] =>
    rates.map((each) => each[key]).sort((a, b) => b - a);
  const inputs = sorted('inputPicoUsd');
  const outputs = sorted('outputPicoUsd');
  const joules = sorted('tokenMicrojoules');
  return inputs.slice(0, count).map((inputPicoUsd, i) => ({
    inputPicoUsd,
    outputPicoUsd: outputs[i]!,
    tokenMicrojoules: joules[i]!,
  }));
}

function modelsOf(ranked: readonly Bid[]): readonly (readonly Bid[])[] {
  const models = new Set(ranked.map(({ instance }) => instance.model.id));
  return [...models].map((id) => ranked.filter(({ instance }) => instance.model.id === id));
}

/** One for each check that there may be. */
function checkRates(
  { confidence, checkedBy, maxSteps }: CascadePlan,
  ranked: readonly Bid[],
  ratesOf: (bids: readonly Bid[]) => TokenRates,
): readonly TokenRates[] {
  if (confidence !== 'selfCheck') return [];
  const asked = ranked.filter(
    ({ instance }) => (checkedBy ?? instance.model.id) === instance.model.id,
  );
  const rates = ratesOf(asked);
  return Array.from({ length: maxSteps }, () => rates);
}

function boundOf(rates: readonly TokenRates[], promptTokens: number): SeveralBound {
  let fixed = amountsOf(0, 0, 0);
  let perOutputToken = amountsOf(0, 0, 0);
  for (const { inputPicoUsd, outputPicoUsd, tokenMicrojoules } of rates) {
    fixed = plus(fixed, amountsOf(promptTokens, inputPicoUsd, tokenMicrojoules));
    perOutputToken = plus(perOutputToken, amountsOf(1, outputPicoUsd, tokenMicrojoules));
  }
  return { fixed, perOutputToken };
}

/** A check reads the prompt and the answer. */
function withChecks(
  own: SeveralBound,
  checks: readonly TokenRates[],
  promptTokens: number,
): SeveralBound {
  let { fixed, perOutputToken } = own;
  for (const { inputPicoUsd, outputPicoUsd, tokenMicrojoules } of checks) {
    const dearer = Math.max(inputPicoUsd, outputPicoUsd);
    fixed = plus(fixed, amountsOf(promptTokens, inputPicoUsd, tokenMicrojoules));
    fixed = plus(fixed, amountsOf(CHECK_TOKENS, dearer, tokenMicrojoules));
    perOutputToken = plus(perOutputToken, amountsOf(1, inputPicoUsd, tokenMicrojoules));
  }
  return { fixed, perOutputToken };
}

const amountsOf = (tokens: number, picoUsd: number, microjoules: number): Amounts => ({
  tokens,
  picoUsd: Math.ceil(tokens * picoUsd),
  microjoules: Math.ceil(tokens * microjoules),
});
const plus = (a: Amounts, b: Amounts): Amounts => ({
  tokens: a.tokens + b.tokens,
  picoUsd: a.picoUsd + b.picoUsd,
  microjoules: a.microjoules + b.microjoules,
});
