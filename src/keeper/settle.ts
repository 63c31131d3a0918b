import { assert } from '../kernel/index.ts';
import type { Clock } from '../kernel/index.ts';
import type {
  AttemptsResult,
  AwardedDecision,
  Decision,
  Outcome,
  Reservation,
} from '../contract/index.ts';
import { CONTEXT_IN_VIEW, TOPIC_IN_VIEW } from '../contract/index.ts';
import { packContext } from '../estimate/index.ts';
import { actualAmounts } from './reserve.ts';

/** Settles what was held and writes down what happened; the outcome is a row of the ledger. */
export function settleResult(
  decision: AwardedDecision,
  held: Reservation | null,
  result: AttemptsResult,
  atMs: number,
): Outcome {
  const { workload, mandate } = decision;
  if (held !== null) held.settle(actualAmounts(result, held.held));
  return withExtras(decision, result, {
    decision: workload.id,
    atMs,
    surface: workload.surface,
    tenant: workload.caller.tenant,
    key: workload.caller.key,
    user: workload.user,
    route: mandate.route,
    mode: mandate.mode,
    instance: result.bid?.instance.id ?? null,
    model: result.bid?.instance.model.id ?? null,
    archetype: workload.archetype().key,
    promptBytes: workload.promptBytes - (mandate.tools?.cutBytes ?? 0),
    status: result.status,
    httpStatus: result.httpStatus,
    finishReason: result.finishReason,
    usage: result.usage,
    costPicoUsd: result.costPicoUsd,
    energyMicrojoules: result.energyMicrojoules,
    energySource: result.energySource,
    ttftMs: result.ttftMs,
    totalMs: result.totalMs,
    perTokenMs: result.perTokenMs,
    attempts: result.attempts,
    reservation: held?.id ?? null,
  });
}

/** With what only some requests have: an owner that is paid, bidders that were silent. */
function withExtras(
  decision: AwardedDecision,
  { payment }: AttemptsResult,
  outcome: Outcome,
): Outcome {
  const row = aboutTopic(decision, outcome);
  const { missed: bidMisses } = decision.result;
  if (payment === undefined && bidMisses === undefined) return row;
  return { ...row, ...(payment && { payment }), ...(bidMisses && { bidMisses }) };
}

/** With what the market read of the topic and its neighbours, and how the winner was chosen; as it is where nothing of it was. */
function aboutTopic({ signals, result }: AwardedDecision, outcome: Outcome): Outcome {
  const { propensity, explored } = result;
  const row =
    propensity === 1 && explored === undefined
      ? outcome
      : { ...outcome, propensity, ...(explored !== undefined && { explored: explored.kind }) };
  const { topic } = signals.share(TOPIC_IN_VIEW);
  if (topic === null) return row;
  const { context, priors } = signals.share(CONTEXT_IN_VIEW);
  const prior = outcome.model === null ? undefined : priors.get(outcome.model);
  const { domain, band } = topic;
  return {
    ...row,
    ...(domain !== null && { domain, band }),
    ...(context !== null && prior !== undefined && { context: packContext(context, prior) }),
  };
}

/** The row of a request that its route answered by itself: no budget held anything, and nothing was used. */
export function fixedOutcome({ workload, mandate }: Decision, clock: Clock): Outcome {
  assert(mandate !== null, 'a fixed answer is that of a mandate');
  return {
    decision: workload.id,
    atMs: clock.nowMs(),
    surface: workload.surface,
    tenant: workload.caller.tenant,
    key: workload.caller.key,
    user: workload.user,
    route: mandate.route,
    mode: mandate.mode,
    instance: null,
    model: null,
    archetype: workload.archetype().key,
    promptBytes: workload.promptBytes,
    status: 'ok',
    httpStatus: 200,
    finishReason: 'stop',
    usage: { promptTokens: 0, cachedTokens: 0, outputTokens: 0, isEstimated: false },
    costPicoUsd: 0,
    energyMicrojoules: 0,
    energySource: 'unknown',
    ttftMs: null,
    totalMs: clock.monotonicMs() - workload.startedMs,
    perTokenMs: null,
    attempts: [],
    reservation: null,
  };
}
