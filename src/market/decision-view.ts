import type { Bid, BidView, DecisionView, Policy, SpentReading } from '../contract/index.ts';
import type { DecisionRecord } from './decision-record.ts';

/** Tells a remembered decision; its outcome is the ledger's to tell. Nothing of an instance but its id and its model's gets in. */
export function viewOf(record: DecisionRecord): DecisionView {
  const { policy, mandate, refusal } = record;
  const readings = record.readings();
  const bids = record.bids();
  return {
    id: record.id,
    at: new Date(record.receivedAtMs).toISOString(),
    surface: record.surface,
    tenant: record.tenant,
    requestedModel: record.requestedModel,
    policyGeneration: policy.generation,
    route: mandate?.route ?? null,
    mode: mandate?.mode ?? null,
    archetype: record.archetype,
    promptBytes: record.promptBytes,
    signals: signalsOf(policy, readings),
    rules: policy.explain(mandate?.route ?? '', readings),
    objective: mandate === null ? null : { ...mandate.objective, limits: mandate.limits },
    bids: bids.map((bid) => bidView(bid, bids[0]!.score)),
    excluded: record.excluded,
    winner: refusal === null ? (bids[0]?.instance.id ?? null) : null,
    clearingScoreUsd: record.clearingScore(),
    propensity: record.propensity,
    refusal,
    outcome: null,
  };
}

function signalsOf(
  policy: Policy,
  readings: readonly (SpentReading | undefined)[],
): DecisionView['signals'] {
  return policy.slots.map(({ key, cost }, slot) => {
    const reading = readings[slot];
    if (reading === undefined) {
      const state = 'not-needed';
      return {
        key,
        cost,
        state,
        value: null,
        confidence: null,
        spentMicroseconds: null,
        reason: null,
      };
    }
    return {
      key,
      cost,
      state: reading.value === null ? 'unknown' : 'known',
      value: reading.value,
      confidence: reading.confidence,
      spentMicroseconds: reading.spentMicroseconds,
      reason: reading.reason ?? null,
    };
  });
}

function bidView({ instance, ...bid }: Bid, best: number): BidView {
  return {
    ...bid,
    instance: instance.id,
    model: instance.model.id,
    lostByUsd: bid.score - best,
  };
}
