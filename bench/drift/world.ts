/** What of the product the benchmark runs. */
export type { AccuracyLearningConfig } from '../../src/contract/index.ts';
export { createRng } from '../../src/kernel/index.ts';
export type { Rng } from '../../src/kernel/index.ts';
export { accuracyConfig } from '../../src/learning/fixtures/accuracy-config.ts';
export { UNWATCHED, watchVerdict } from '../../src/learning/drift.ts';
