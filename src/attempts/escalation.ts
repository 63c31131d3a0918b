import type { AwardedDecision, Beliefs, Bid, Confidence } from '../contract/index.ts';
import { accuracyOf, believedOfNext, bidsByModel, normalQuantile } from '../estimate/index.ts';
import { PICO_PER_USD, priceOf, worthOf } from '../estimate/index.ts';
import type { StepBids } from '../estimate/index.ts';
import { thinkingTokens } from '../wire/index.ts';

/** The answer that is there, and what it took so far. */
export interface AnswerSoFar {
  /** Of its step, in the order of the cascade. */
  readonly place: number;
  /** P(correct), as it is believed. */
  readonly now: number;
  /** Null where nothing is known but the accuracy of its model, or its form is wrong. */
  readonly confidence: Confidence | null;
  readonly beliefs: Pick<Beliefs, 'confidence'>;
  readonly spentPicoUsd: number;
  readonly elapsedMs: number;
}

export interface NextStep {
  readonly place: number;
  readonly bids: readonly Bid[];
}

/**
 * The later step that is to follow an answer; null: the answer stands. With a fixed threshold it is the next
 * that keeps the limits; else the one that is expected to save most, by what its instance bids now.
 */
export function nextStep(
  decision: AwardedDecision,
  steps: readonly StepBids[],
  bids: readonly Bid[],
  answer: AnswerSoFar,
): NextStep | null {
  const { cascade, objective } = decision.mandate;
  const { acceptFrom } = cascade!;
  if (acceptFrom !== null && answer.now >= acceptFrom) return null;
  const byModel = bidsByModel(bids);
  let best: NextStep | null = null;
  let mostUsd = 0;
  for (let place = answer.place + 1; place < steps.length; place++) {
    const { step } = steps[place]!;
    const own = byModel.get(step.model);
    if (own === undefined || !keepsLimits(decision, own[0]!, answer)) continue;
    const candidate = { step, bids: own };
    if (acceptFrom !== null) return { place, bids: own };
    const next = accuracyAfter(steps[answer.place]!, candidate, answer);
    if (next === null) continue;
    const priceUsd = priceOf(own[0]!) + thinkingUsd(decision, candidate);
    const worthUsd = worthOf({ now: answer.now, next, priceUsd }, objective.usdPerError);
    if (worthUsd > mostUsd) [mostUsd, best] = [worthUsd, { place, bids: own }];
  }
  return best;
}

function accuracyAfter(
  before: StepBids,
  candidate: StepBids,
  { confidence, beliefs }: AnswerSoFar,
): number | null {
  const believed = accuracyOf(candidate);
  if (believed === null || confidence === null) return believed;
  const next = { model: candidate.step.model, believed };
  return believedOfNext(beliefs, before.step.model, confidence, next);
}

/** What a higher effort adds to a bid that does not know of it. */
function thinkingUsd({ mandate }: AwardedDecision, { step, bids }: StepBids): number {
  if (step.effort === null) return 0;
  const { instance, latencyMs, ttftMs, outputTokens } = bids[0]!;
  const { model } = instance;
  const usual = thinkingTokens(model, mandate.injection.reasoning);
  const more = Math.max(0, thinkingTokens(model, step.effort) - usual);
  const perTokenMs = Math.max(0, latencyMs.mean - ttftMs.mean) / Math.max(1, outputTokens.mean);
  const money = (more * (model.price?.outputPicoUsd ?? 0)) / PICO_PER_USD;
  return money + (mandate.objective.usdPerSecond * more * perTokenMs) / 1000;
}

/** Limits hold for the request, so what it took so far counts. Tested at their quantile. */
function keepsLimits(
  { mandate }: AwardedDecision,
  { costUsd, latencyMs }: Bid,
  { spentPicoUsd, elapsedMs }: AnswerSoFar,
): boolean {
  const { maxCostUsd, maxLatencyMs, quantile } = mandate.limits;
  const z = normalQuantile(quantile);
  if (maxLatencyMs !== null) {
    if (elapsedMs + latencyMs.mean + z * latencyMs.deviation > maxLatencyMs) return false;
  }
  if (maxCostUsd === null) return true;
  if (costUsd === null) return false;
  return spentPicoUsd / PICO_PER_USD + costUsd.mean + z * costUsd.deviation <= maxCostUsd;
}
