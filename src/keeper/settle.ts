import type { AttemptsResult, AwardedDecision, Outcome, Reservation } from '../contract/index.ts';
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
  return {
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
    promptBytes: workload.promptBytes,
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
  };
}
