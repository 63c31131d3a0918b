import type { InstanceId } from '../kernel/index.ts';
import type { FleetSnapshot, InstanceState } from '../contract/index.ts';

export interface StateIndex {
  of(fleet: FleetSnapshot, instance: InstanceId): InstanceState | undefined;
}

/** Finds states by instance; the index of a snapshot is built once, since snapshots are immutable. */
export function createStateIndex(): StateIndex {
  const states = new Map<InstanceId, InstanceState>();
  let indexed: FleetSnapshot | null = null;
  return {
    of(fleet, instance) {
      if (fleet !== indexed) {
        states.clear();
        for (const state of fleet.states) states.set(state.instance.id, state);
        indexed = fleet;
      }
      return states.get(instance);
    },
  };
}
