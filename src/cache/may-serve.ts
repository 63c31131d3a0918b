import type { CacheEntry, FleetSnapshot, Mandate, Workload } from '../contract/index.ts';

export interface Ask {
  readonly workload: Workload;
  readonly mandate: Mandate;
  readonly fleet: FleetSnapshot;
}

/** The constraints of a request bind stored answers too: what may not answer now has not answered before. */
export function mayServe({ answer }: CacheEntry, { mandate, fleet }: Ask): boolean {
  const { models, rules, limits } = mandate;
  if (models !== null && !models.has(answer.model)) return false;
  if (limits.minAccuracy !== null && (answer.accuracy ?? 0) < limits.minAccuracy) return false;
  if (rules.length === 0) return true;
  for (const { instance } of fleet.states) {
    if (instance.id === answer.instance) return rules.every((rule) => rule.permits(instance));
  }
  return false;
}

/** The client wants a fresh answer, which may be stored for others. */
export const isRefreshed = (workload: Workload): boolean =>
  workload.header('cache-control')?.includes('no-cache') === true;
