import { assert } from '../kernel/index.ts';
import type { Decision, DecisionView, Outcome } from '../contract/index.ts';
import { recordOf } from './decision-record.ts';
import type { DecisionRecord } from './decision-record.ts';
import { viewOf } from './decision-view.ts';

/** The last decisions of this worker (docs/decisions/0005). */
export interface DecisionLog {
  remember(decision: Decision): void;
  /** An outcome whose decision is forgotten changes nothing. */
  settle(outcome: Outcome): void;
  view(id: string): DecisionView | null;
  /** Newest first. */
  latest(limit: number): DecisionView[];
}

/** Keeps `capacity` decisions in a ring. Remembering costs one object; explaining is paid for by whoever asks. */
export function createDecisionLog(capacity: number): DecisionLog {
  assert(Number.isInteger(capacity) && capacity > 0, 'a decision log holds at least one decision');
  const ring: (DecisionRecord | undefined)[] = Array.from({ length: capacity });
  const byId = new Map<string, DecisionRecord>();
  let next = 0;

  return {
    remember(decision) {
      const record = recordOf(decision);
      const forgotten = ring[next];
      if (forgotten !== undefined && byId.get(forgotten.id) === forgotten) {
        byId.delete(forgotten.id);
      }
      ring[next] = record;
      byId.set(record.id, record);
      next = next + 1 === capacity ? 0 : next + 1;
    },

    settle(outcome) {
      const record = byId.get(outcome.decision);
      if (record !== undefined) record.outcome = outcome;
    },

    view(id) {
      const record = byId.get(id);
      return record === undefined ? null : viewOf(record);
    },

    latest(limit) {
      const views: DecisionView[] = [];
      for (let back = 1; back <= capacity && views.length < limit; back++) {
        const record = ring[(next - back + capacity) % capacity];
        if (record === undefined) break;
        if (byId.get(record.id) === record) views.push(viewOf(record));
      }
      return views;
    },
  };
}
