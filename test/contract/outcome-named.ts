import type { Outcome, StoreBatch } from '../../src/contract/index.ts';
import type { DecisionId, InstanceId, KeyId, ModelId, TenantId } from '../../src/kernel/index.ts';

export const EMPTY_BATCH: StoreBatch = {
  outcomes: [],
  balanceDeltas: [],
  leasesOpened: [],
  leasesClosed: [],
  balancesClosed: [],
};

/** A plausible outcome. */
export function outcomeNamed(decision: string, changes: Partial<Outcome> = {}): Outcome {
  return {
    decision: decision as DecisionId,
    atMs: 1_700_000_000_000,
    surface: 'chat',
    tenant: 'acme' as TenantId,
    key: 'key-1' as KeyId,
    user: null,
    route: 'default',
    mode: 'economy',
    instance: 'a' as InstanceId,
    model: 'm' as ModelId,
    archetype: 'chat|single|balanced',
    promptBytes: 450,
    status: 'ok',
    httpStatus: 200,
    finishReason: 'stop',
    usage: { promptTokens: 100, cachedTokens: 10, outputTokens: 50, isEstimated: false },
    costPicoUsd: 1_000_003,
    energyMicrojoules: 77,
    energySource: 'curve',
    ttftMs: 12.5,
    totalMs: 99.25,
    perTokenMs: 1.75,
    attempts: [
      {
        instance: 'a' as InstanceId,
        result: 'ok',
        status: 200,
        ttftMs: 12.5,
        totalMs: 99.25,
        promisedTtftMs: 10,
        promisedLatencyMs: 90,
        promisedWaitMs: 0,
        promisedOutputTokens: 48,
        batch: 3,
        turns: 0.125,
        pendingTokens: 640,
      },
    ],
    reservation: null,
    ...changes,
  };
}
