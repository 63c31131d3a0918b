import type { Bid, CascadePlan, CascadeStep, Objective } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { FOLLOWING_SLOPE, SLOPE } from './confidence.ts';

/** A step as it can be taken: the bids of its model, best first. */
export interface StepBids {
  readonly step: CascadeStep;
  readonly bids: readonly Bid[];
}

/** What the exchange would lose by an answer besides its errors: the bid's score without them. */
export const priceOf = (bid: Bid): number => bid.score - bid.terms.error;

/** P(correct) of a step's answer before it is given; null: nobody knows. */
export const accuracyOf = ({ step, bids }: StepBids): number | null =>
  step.accuracy ?? bids[0]!.accuracy?.mean ?? null;

/** The ranked bids of each model, in the order of the models' best. */
export function bidsByModel(ranked: readonly Bid[]): ReadonlyMap<ModelId, readonly Bid[]> {
  const byModel = new Map<ModelId, Bid[]>();
  for (const bid of ranked) {
    const { id } = bid.instance.model;
    const bids = byModel.get(id);
    if (bids === undefined) byModel.set(id, [bid]);
    else bids.push(bid);
  }
  return byModel;
}

/**
 * The steps of one request, in order: those of the plan whose model may serve, or those that are expected to
 * lose least. One step where a cascade is not worth its check.
 */
export function stepsOf(
  plan: CascadePlan,
  ranked: readonly Bid[],
  objective: Objective,
): readonly StepBids[] {
  const byModel = bidsByModel(ranked);
  if (plan.steps === null) return chosenSteps(byModel, plan, objective);
  const steps: StepBids[] = [];
  for (const step of plan.steps) {
    const bids = byModel.get(step.model);
    if (bids !== undefined && steps.length < plan.maxSteps) steps.push({ step, bids });
  }
  return steps;
}

/**
 * Of the models, those that no other beats in both price and accuracy, cheapest first; of these, the
 * beginning that is expected to lose least. Every beginning is held against its best second step over the
 * confidence that the first answer may turn out to have:
 *
 * `loss(i) = min over j of price_i + E_z[min((1 − p_i(z))·U, price_j + (1 − p_j(z))·U)]`
 *
 * with `U` the price of an error, `logit p(z) = logit p + slope·z` and z standard normal.
 */
function chosenSteps(
  byModel: ReadonlyMap<ModelId, readonly Bid[]>,
  { maxSteps, confidence }: CascadePlan,
  { usdPerError }: Objective,
): readonly StepBids[] {
  const frontier = frontierOf(byModel);
  const first = [...byModel.values()][0];
  let best = first === undefined ? [] : [asStep(first)];
  if (first === undefined || confidence === null) return best;
  let leastLoss = Infinity;
  for (const [i, step] of frontier.entries()) {
    const alone = priceOf(step.bids[0]!) + (1 - accuracyOf(step)!) * usdPerError;
    if (alone < leastLoss) [leastLoss, best] = [alone, [step]];
    for (const next of frontier.slice(i + 1)) {
      const loss = lossOfPair(step, next, usdPerError);
      if (loss >= leastLoss) continue;
      const rest = frontier.slice(frontier.indexOf(next) + 1);
      [leastLoss, best] = [loss, [step, next, ...rest].slice(0, maxSteps)];
    }
  }
  return best;
}

const asStep = (bids: readonly Bid[]): StepBids => ({
  step: { model: bids[0]!.instance.model.id, effort: null, accuracy: null },
  bids,
});

function frontierOf(byModel: ReadonlyMap<ModelId, readonly Bid[]>): readonly StepBids[] {
  const known: StepBids[] = [];
  for (const bids of byModel.values()) {
    const { accuracy, costUsd } = bids[0]!;
    if (accuracy !== null && costUsd !== null) known.push(asStep(bids));
  }
  known.sort((a, b) => priceOf(a.bids[0]!) - priceOf(b.bids[0]!));
  const frontier: StepBids[] = [];
  for (const step of known) {
    const last = frontier.at(-1);
    if (last === undefined || accuracyOf(step)! > accuracyOf(last)!) frontier.push(step);
  }
  return frontier;
}

/** Places and weights of E[f(Z)] for a standard normal Z: five-point Gauss–Hermite. */
const NODES = [-2.8569700138728, -1.3556261799742, 0, 1.3556261799742, 2.8569700138728] as const;
const WEIGHTS = [
  0.0112574113277, 0.2220759220056, 0.5333333333333, 0.2220759220056, 0.0112574113277,
];
function lossOfPair(step: StepBids, next: StepBids, usdPerError: number): number {
  let loss = priceOf(step.bids[0]!);
  for (const [i, z] of NODES.entries()) {
    const stop = (1 - shifted(accuracyOf(step)!, SLOPE.mean * z)) * usdPerError;
    const wrong = 1 - shifted(accuracyOf(next)!, FOLLOWING_SLOPE.mean * z);
    loss += WEIGHTS[i]! * Math.min(stop, priceOf(next.bids[0]!) + wrong * usdPerError);
  }
  return loss;
}

function shifted(probability: number, by: number): number {
  const p = Math.min(0.999, Math.max(0.001, probability));
  return 1 / (1 + ((1 - p) / p) * Math.exp(-by));
}

/** What speaks for a further step. */
export interface Escalation {
  /** P(correct) of the answer that is there, and of the one that would come, 0–1. */
  readonly now: number;
  readonly next: number;
  /** What the next step would cost on top, in USD: money, time and energy at the objective's prices. */
  readonly priceUsd: number;
}

/**
 * What a further step is expected to save, in USD: `(next − now)·usdPerError − price`. Above 0 it is
 * worth taking: expected-value stopping.
 */
export const worthOf = ({ now, next, priceUsd }: Escalation, usdPerError: number): number =>
  (next - now) * usdPerError - priceUsd;
