import { assert } from '../kernel/index.ts';
import type { DecisionIds } from '../kernel/index.ts';
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

/**
 * Keeps `capacity` decisions in a ring; explaining is paid for by whoever asks. A worker counts its
 * decisions in their ids, so an id tells its own place, where it writes over an older one: a map would
 * have to hash every id, and would churn. `countOf` reads the count; unset: it stands there in plain.
 */
export function createDecisionLog(
  capacity: number,
  countOf: DecisionIds['countOf'] = plainCountOf,
): DecisionLog {
  assert(Number.isInteger(capacity) && capacity > 0, 'a decision log holds at least one decision');
  const ring: (DecisionRecord | null)[] = Array.from({ length: capacity }, () => null);
  let remembered = 0;

  return {
    remember(decision) {
      const { id } = decision.workload;
      const place = countOf(id) % capacity;
      const record = (ring[place] ??= new DecisionRecord(decision.policy));
      if (record.id !== id) record.order = remembered++;
      record.write(decision);
    },

    view(id) {
      const record = ring[countOf(id) % capacity] ?? null;
      return record === null || record.id !== id ? null : viewOf(record);
    },

    latest(limit) {
      return ring
        .filter((record) => record !== null)
        .sort((a, b) => b.order - a.order)
        .slice(0, limit)
        .map(viewOf);
    },
  };
}

/** Random characters of an id before its count. */
const RANDOM_CHARACTERS = 12;

/** The count at the end of an id. Of any other text, some number: only a whole id finds a decision. */
function plainCountOf(id: string): number {
  let count = 0;
  for (let at = id.indexOf('-', 2) + 1 + RANDOM_CHARACTERS; at < id.length; at++) {
    const code = id.charCodeAt(at);
    // Modulo 2³², as an unsigned integer: it never leaves the small numbers' range of exact arithmetic.
    count = (count * 36 + (code >= 97 ? code - 87 : code - 48)) >>> 0;
  }
  return count;
}
