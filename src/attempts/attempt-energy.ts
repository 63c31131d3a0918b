import type { AwardedDecision } from '../contract/index.ts';
import type { Attempt } from './attempt.ts';
import type { ServingTools } from './serving-tools.ts';
import { energyOf, stateIn } from './settlement.ts';
import type { Energy } from './settlement.ts';

/** What an attempt has drawn until `nowMs`, as the load of its instance is known by then. */
export function energyOfAttempt(
  attempt: Attempt,
  nowMs: number,
  { clock, fleet, breakers }: ServingTools,
  decision: AwardedDecision,
): Energy {
  const { bid } = attempt;
  return energyOf(bid, attempt.timing(nowMs), {
    state: stateIn(decision.fleet, bid),
    latest: stateIn(fleet?.() ?? decision.fleet, bid),
    endedAtMs: clock.nowMs(),
    inFlight: breakers.inFlight(bid.instance.id),
  });
}
