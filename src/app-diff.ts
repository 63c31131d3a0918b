import { Fault } from './kernel/index.ts';
import type { BidView, DecisionView, OfflineRequest } from './contract/index.ts';
import type { DecidedBy, PolicyDiff, RequestDiff } from './contract/index.ts';
import { offlineRequest, openOffline } from './app-offline.ts';
import type { Offline } from './app-offline.ts';
import type { Environment } from './app-policy.ts';

export interface DiffOptions {
  /** The policy files: before, and after. */
  readonly before: string;
  readonly after: string;
  readonly env: Environment;
}

/** Both policies, compiled once. Rejects with `BRS_CONFIG` for one that is not sound. */
export async function openDiff({ before, after, env }: DiffOptions): Promise<PolicyDiff> {
  const old = await openOffline({ configFile: before, env });
  const changed = await openOffline({ configFile: after, env });
  return {
    async compare(value) {
      const asked = offlineRequest(value);
      // Both decide at the same moment, or a condition on the time could tell them apart.
      const request = { ...asked, at: asked.at ?? new Date().toISOString() };
      const a = await decidedBy(old, request);
      const b = await decidedBy(changed, request);
      return { before: a, after: b, changes: changesOf(a, b) };
    },
  };
}

async function decidedBy(offline: Offline, request: OfflineRequest): Promise<DecidedBy> {
  try {
    return summaryOf(await offline.decide(request));
  } catch (error) {
    if (!Fault.isInstance(error) || error.code === 'BRS_OFFLINE_INPUT') throw error;
    return { ...NOTHING, refusal: error.code };
  }
}

const NOTHING: DecidedBy = {
  route: null,
  model: null,
  mode: null,
  refusal: null,
  isAnswered: false,
  injection: '',
  costUsd: 0,
  energyJoules: 0,
};

/** Without a winner nothing is spent. */
function summaryOf(view: DecisionView): DecidedBy {
  const winner = view.bids.find(({ instance }) => instance === view.winner);
  return {
    route: view.route,
    model: winner?.model ?? null,
    mode: view.mode,
    refusal: view.refusal?.reason ?? null,
    isAnswered: view.answer !== undefined,
    injection: injectionOf(view, winner),
    costUsd: winner === undefined ? 0 : (winner.costUsd?.mean ?? null),
    energyJoules: winner === undefined ? 0 : (winner.energyJoules?.mean ?? null),
  };
}

/** What is put into the request and into its answer, in one text, to compare. */
function injectionOf(view: DecisionView, winner: BidView | undefined): string {
  const { injection, answer, tools } = view;
  const told = {
    injection,
    answer,
    tools,
    of: winner?.reasoning,
    limit: winner?.limitTokens ?? undefined,
  };
  const text = JSON.stringify(told);
  return text === '{}' ? '' : text;
}

/** Cost and energy that differ by less are the same. */
const RELATIVE_DIFFERENCE_MIN = 1e-6;

function changesOf(before: DecidedBy, after: DecidedBy): RequestDiff['changes'] {
  const isOther = (key: 'route' | 'model' | 'mode' | 'refusal' | 'injection' | 'isAnswered') =>
    before[key] !== after[key];
  return [
    ...(isOther('route') ? (['route'] as const) : []),
    ...(isOther('model') ? (['model'] as const) : []),
    ...(isOther('mode') ? (['mode'] as const) : []),
    ...(isOther('refusal') ? (['refusal'] as const) : []),
    ...(isOther('injection') || isOther('isAnswered') ? (['injection'] as const) : []),
    ...(isOtherAmount(before.costUsd, after.costUsd) ? (['cost'] as const) : []),
    ...(isOtherAmount(before.energyJoules, after.energyJoules) ? (['energy'] as const) : []),
  ];
}

/** An unknown amount cannot be compared. */
function isOtherAmount(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return false;
  return Math.abs(a - b) > RELATIVE_DIFFERENCE_MIN * Math.max(Math.abs(a), Math.abs(b));
}
