import type { AwardedDecision, Usage } from '../contract/index.ts';
import type { Attempt } from './attempt.ts';
import { NO_USAGE, estimatedUsage } from './settlement.ts';

/** What an attempt has used so far: as it was counted, or what was seen; nothing where it never went out. */
export function usageOfAttempt({ tap, bid, flow }: Attempt, decision: AwardedDecision): Usage {
  if (flow?.isSent === false) return NO_USAGE;
  return tap?.usage ?? estimatedUsage(decision, bid, tap?.contentEvents ?? 0);
}
