import type { Verdict } from './accuracy.ts';
import type { Beliefs } from './beliefs.ts';
import type { LearningConfig } from './config.ts';
import type { Outcome } from './outcome.ts';

/** Extension point: turns what happened into new beliefs. Pure; runs in the keeper, off every request's path. */
export interface Learner {
  readonly apiVersion: 1;
  readonly name: string;
  /** Returns the same object when nothing was learned. */
  learn(beliefs: Beliefs, outcomes: readonly Outcome[], config: LearningConfig): Beliefs;
  /** The same of judgements that arrive later. Unset: nothing is learned of them. */
  learnVerdicts?(beliefs: Beliefs, verdicts: readonly Verdict[], config: LearningConfig): Beliefs;
}
