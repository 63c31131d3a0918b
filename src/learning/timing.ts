import type { AttemptRecord, Learner } from '../contract/index.ts';
import { COLD_TIMING, observeRequest } from '../estimate/index.ts';
import type { Situation } from '../estimate/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { CAPACITIES } from './capacities.ts';
import { servingAttempt } from './serving-attempt.ts';

/** Learns how long each instance takes, from the attempts that served. */
export function createTimingLearner(): Learner {
  return {
    apiVersion: 1,
    name: 'timing',
    learn(beliefs, outcomes) {
      const timing = new BoundedMap(beliefs.timing, CAPACITIES.instances);
      for (const outcome of outcomes) {
        const attempt = servingAttempt(outcome);
        if (attempt === null) continue;
        const { usage, perTokenMs } = outcome;
        const before = timing.get(attempt.instance) ?? COLD_TIMING;
        const after = observeRequest(before, {
          ttftMs: attempt.ttftMs,
          totalMs: attempt.totalMs,
          perTokenMs,
          situation: situationOf(attempt),
          atMs: outcome.atMs,
          promptTokens: usage.promptTokens,
          cachedTokens: usage.cachedTokens,
          outputTokens: usage.outputTokens,
          hasUsage: !usage.isEstimated,
        });
        timing.set(attempt.instance, after);
      }
      const learned = timing.result();
      return learned === beliefs.timing ? beliefs : { ...beliefs, timing: learned };
    },
  };
}

function situationOf({ batch, turns, pendingTokens }: AttemptRecord): Situation | null {
  if (batch === null || turns === null || pendingTokens === null) return null;
  return { batch, turns, pendingTokens };
}
