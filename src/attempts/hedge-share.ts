import type { HedgePlan } from '../contract/index.ts';

/** Hedges that quiet times may save up. */
const SAVED_MAX = 10;

/**
 * Keeps hedges to their share of a route's requests: each request adds `maxShare` of one, each hedge
 * takes one. So of n requests, at most `1 + n·maxShare` are hedged, and never more than ten at a stretch
 * beyond the share.
 */
export class HedgeShare {
  /** A plan is one object per route and generation of the policy. */
  readonly #saved = new WeakMap<HedgePlan, number>();

  /** A request that could be hedged. */
  count(plan: HedgePlan): void {
    const saved = this.#saved.get(plan) ?? 1;
    this.#saved.set(plan, Math.min(SAVED_MAX, saved + plan.maxShare));
  }

  /** False where the share is used up. */
  take(plan: HedgePlan): boolean {
    const saved = this.#saved.get(plan) ?? 1;
    if (saved < 1) return false;
    this.#saved.set(plan, saved - 1);
    return true;
  }
}
