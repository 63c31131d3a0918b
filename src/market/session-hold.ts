import type { Exclusion, InstanceState, MarketView } from '../contract/index.ts';
import type { SessionHold, SessionPlacement, Workload } from '../contract/index.ts';

const TOLD = {
  'tool-loop': 'the session is in a tool loop',
  'provider-state': 'the answer that this request continues is kept',
} as const;

/** The last placement of the request's session; null where there is none, or it is not known. */
export function placementOf(workload: Workload, view: MarketView): SessionPlacement | null {
  if (workload.session === null || workload.surface === 'embeddings') return null;
  return view.session?.() ?? null;
}

/**
 * Null where the session may move. State that a server keeps is there and nowhere else; in a tool loop
 * another instance of the same model may step in where the last one fails.
 */
export function holdOf(workload: Workload, placement: SessionPlacement | null): SessionHold | null {
  if (placement === null) return null;
  const { instance } = placement;
  if (workload.body.fields.has('previous_response_id')) return { instance, by: 'provider-state' };
  return workload.isInToolLoop() ? { instance, by: 'tool-loop' } : null;
}

/** Who may bid besides the holder, and why the others may not. The hold is void where its instance may not serve. */
export interface Held {
  readonly eligible: readonly InstanceState[];
  readonly excluded: readonly Exclusion[];
  readonly hold: SessionHold | null;
}

export function applyHold(
  eligible: readonly InstanceState[],
  excluded: readonly Exclusion[],
  hold: SessionHold,
): Held {
  const holder = eligible.find(({ instance }) => instance.id === hold.instance);
  if (holder === undefined) {
    const told = excluded.map((each) =>
      each.instance === hold.instance
        ? { ...each, detail: `${each.detail}; ${TOLD[hold.by]} there, and goes on elsewhere` }
        : each,
    );
    return { eligible, excluded: told, hold: null };
  }
  const detail = `${TOLD[hold.by]} at ${hold.instance}`;
  const staying: InstanceState[] = [];
  const leaving: Exclusion[] = [...excluded];
  for (const state of eligible) {
    const { id, model } = state.instance;
    const mayStay =
      state === holder || (hold.by === 'tool-loop' && model.id === holder.instance.model.id);
    if (mayStay) staying.push(state);
    else leaving.push({ instance: id, cause: 'session', detail });
  }
  return { eligible: staying, excluded: leaving, hold };
}
