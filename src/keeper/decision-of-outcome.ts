import type { DecisionView, Outcome } from '../contract/index.ts';

/** What the ledger still knows of a decision that no worker remembers. */
export function decisionOf(outcome: Outcome): DecisionView {
  return {
    id: outcome.decision,
    at: new Date(outcome.atMs).toISOString(),
    surface: outcome.surface,
    tenant: outcome.tenant,
    requestedModel: '',
    policyGeneration: 0,
    route: outcome.route,
    mode: outcome.mode,
    archetype: outcome.archetype,
    promptBytes: outcome.promptBytes,
    signals: [],
    rules: { constraints: [], routes: [] },
    objective: null,
    bids: [],
    excluded: [],
    winner: outcome.instance,
    clearingScoreUsd: null,
    propensity: null,
    refusal: null,
    outcome,
  };
}
