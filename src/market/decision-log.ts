import { assert } from '../kernel/index.ts';
import type { Decision, DecisionView } from '../contract/index.ts';
import { DecisionRecord } from './decision-record.ts';
import { viewOf } from './decision-view.ts';

/** The last decisions of this worker (docs/decisions/0005). What became of them is in the ledger. */
export interface DecisionLog {
  /** Remembering a decision again replaces what was kept of it. */
  remember(decision: Decision): void;
  view(id: string): DecisionView | null;
  /** Newest first. */
  latest(limit: number): DecisionView[];
}

/** Keeps `capacity` decisions in a ring. Remembering writes over the oldest; explaining is paid for by whoever asks. */
export function createDecisionLog(capacity: number): DecisionLog {
  assert(Number.isInteger(capacity) && capacity > 0, 'a decision log holds at least one decision');
  const ring: DecisionRecord[] = [];
  const byId = new Map<string, DecisionRecord>();
  let next = 0;

  function oldest(decision: Decision): DecisionRecord {
    const slot = next;
    next = next + 1 === capacity ? 0 : next + 1;
    const record = ring[slot];
    if (record === undefined) return (ring[slot] = new DecisionRecord(decision.policy));
    byId.delete(record.id);
    return record;
  }

  return {
    remember(decision) {
      const { id } = decision.workload;
      let record = byId.get(id);
      if (record === undefined) {
        record = oldest(decision);
        byId.set(id, record);
      }
      record.write(decision);
    },

    view(id) {
      const record = byId.get(id);
      return record === undefined ? null : viewOf(record);
    },

    latest(limit) {
      const views: DecisionView[] = [];
      for (let back = 1; back <= ring.length && views.length < limit; back++) {
        views.push(viewOf(ring[(next - back + capacity) % capacity]!));
      }
      return views;
    },
  };
}
