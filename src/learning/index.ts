/**
 * Learning: what happened becomes what is believed. What enters: beliefs and a batch of outcomes.
 * What leaves: new beliefs, or the same object when nothing was learned. It never mutates a belief,
 * never reads a clock (outcomes carry their time), and its tables never grow beyond their ceilings.
 */
import type { ContextSpace, Learner } from '../contract/index.ts';
import { createAccuracyLearner } from './accuracy.ts';
import { createConfidenceLearner } from './confidence.ts';
import { createContextLearner } from './context.ts';
import { createBytesPerTokenLearner } from './bytes-per-token.ts';
import { createJudgeLearner } from './judges.ts';
import { createOutputLengthLearner } from './output-length.ts';
import { createReputationLearner } from './reputation.ts';
import { createTimingLearner } from './timing.ts';

export { beliefsFromJson, beliefsToJson } from './document.ts';

/** The built-in learners. Each teaches one table and leaves the others alone. `spaces`: those of the contexts that are read. */
export function createLearners(spaces: readonly ContextSpace[] = []): readonly Learner[] {
  return [
    createTimingLearner(),
    createOutputLengthLearner(),
    createBytesPerTokenLearner(),
    createReputationLearner(),
    createAccuracyLearner(),
    createConfidenceLearner(),
    createJudgeLearner(),
    createContextLearner(spaces),
  ];
}
