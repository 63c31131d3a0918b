import { isRefusal } from '../contract/index.ts';
import type { Award, Bid, BidView, DecisionView, Quotes, Refusal } from '../contract/index.ts';
import type { MarketRefusal } from './award.ts';
import type { DecisionRecord } from './decision-record.ts';

/** Tells a remembered decision. Nothing of an instance but its id and its model's gets in. */
export function viewOf(record: DecisionRecord): DecisionView {
  const { policy, mandate, result, readings } = record;
  const { bids, excluded } = quotesOf(result);
  const award = isRefusal(result) ? null : result;
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
    signals: signalsOf(record),
    rules: policy.explain(mandate?.route ?? '', readings),
    objective: mandate === null ? null : { ...mandate.objective, limits: mandate.limits },
    bids: bids.map((bid) => bidView(bid, bids[0]!.score)),
    excluded,
    winner: award?.ranked[0]?.instance.id ?? null,
    clearingScoreUsd: award?.clearingScore ?? null,
    propensity: award?.propensity ?? null,
    refusal: isRefusal(result) ? { reason: result.reason, message: result.message } : null,
    outcome: record.outcome,
  };
}

/** What the market saw: a refusal of the market has it too, one of the policy never got that far. */
function quotesOf(result: Award | Refusal): Quotes {
  if (!isRefusal(result)) return { bids: result.ranked, excluded: result.excluded };
  const { quotes } = result as Partial<MarketRefusal>;
  if (quotes === undefined) return { bids: [], excluded: [] };
  return { bids: [...quotes.bids].sort((a, b) => a.score - b.score), excluded: quotes.excluded };
}

function signalsOf({ policy, readings }: DecisionRecord): DecisionView['signals'] {
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
