import type {
  Bid,
  BidView,
  DecisionView,
  Injection,
  InjectionView,
  Policy,
  SpentReading,
  Surface,
  ToolPlan,
  ToolsView,
} from '../contract/index.ts';
import { reasoningChanges } from '../wire/index.ts';
import type { DecisionRecord } from './decision-record.ts';

/** Tells a remembered decision; its outcome is the ledger's to tell. Nothing of an instance but its id and its model's gets in. */
export function viewOf(record: DecisionRecord): DecisionView {
  const { policy, mandate } = record;
  const answer = mandate?.answer?.text ?? null;
  const refusal = answer === null ? record.refusal : null;
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
    rules: policy.explain(mandate?.route ?? '', readings, record.requestedModel),
    objective: mandate === null ? null : { ...mandate.objective, limits: mandate.limits },
    ...(mandate?.shadow !== undefined && { shadow: mandate.shadow }),
    ...(answer === null ? {} : { answer }),
    ...injectionView(mandate?.injection),
    ...toolsView(mandate?.tools ?? null),
    ...(record.topic === null ? {} : { topic: record.topic }),
    ...(record.stored === null ? {} : { stored: record.stored }),
    bids: bids.map((bid) => ({
      ...bidView(bid, bids[0]!.score),
      ...reasoningView(bid, mandate?.injection, record.surface as Surface),
    })),
    excluded: record.excluded,
    winner:
      refusal === null && answer === null && record.stored?.isServed !== true
        ? (bids[0]?.instance.id ?? null)
        : null,
    ...(record.heldBy === null ? {} : { heldBy: record.heldBy }),
    clearingScoreUsd: record.clearingScore(),
    propensity: record.propensity,
    ...(record.explored === null ? {} : { explored: record.explored }),
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

function injectionView(injection: Injection | undefined): { readonly injection?: InjectionView } {
  if (injection === undefined) return {};
  const { systemPrompt, reasoning, maxOutputTokens, outputLimit, fields } = injection;
  const isNothing = systemPrompt === null && reasoning === null && maxOutputTokens === null;
  if (isNothing && fields.length === 0 && outputLimit === undefined) return {};
  const set = fields.map(({ path, json }) => [pointerOf(path), json]);
  const shown = { systemPrompt, reasoning, maxOutputTokens, set: Object.fromEntries(set) };
  if (outputLimit === undefined) return { injection: shown };
  const { prior: _, ...limit } = outputLimit;
  return { injection: { ...shown, outputLimit: limit } };
}

function toolsView(tools: ToolPlan | null): { readonly tools?: ToolsView } {
  if (tools === null) return {};
  const { rules, cut, shown } = tools;
  const told = rules.map(({ source, text }) => `${source}: ${text}`);
  return { tools: { rules: told, cutCount: cut.length, cut: shown } };
}

const pointerOf = (path: readonly string[]): string =>
  path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Told for the ceiling of the policy; the caller's own, which is not remembered, can lower a budget further. */
function reasoningView(
  bid: Bid,
  injection: Injection | undefined,
  surface: Surface,
): { readonly reasoning?: string } {
  if (injection === undefined || injection.reasoning === null) return {};
  const changes = reasoningChanges(bid.instance.model, injection.reasoning, {
    surface,
    ceilingTokens: thinkingCeiling(bid, injection),
  });
  const told = changes.flatMap(({ path, value }) =>
    value === undefined ? [] : [`${path.join('.')}: ${JSON.stringify(value)}`],
  );
  return told.length === 0 ? {} : { reasoning: told.join(', ') };
}

/** A limit of the exchange's own counts the thinking in. */
const thinkingCeiling = ({ limitTokens = null }: Bid, injection: Injection): number | null =>
  limitTokens === null ? injection.maxOutputTokens : 2 * limitTokens - 2;

function bidView({ instance, ...bid }: Bid, best: number): BidView {
  return {
    ...bid,
    instance: instance.id,
    model: instance.model.id,
    lostByUsd: bid.score - best,
  };
}
