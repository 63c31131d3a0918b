/**
 * Policy: who may serve a request, and what the qualities of an answer are worth.
 * Enters: the text of a policy file, at load; a workload, its signals and the fleet, per request.
 * Leaves: a mandate or a refusal; problems with line and column; the file's JSON Schema and reference.
 * Never: I/O, a choice among the instances that it permits, or a signal that the outcome does not need.
 */
export type { AnalysisPorts, OpenRequest, PolicySubject } from './analysis/index.ts';
export { loadPolicy } from './load-policy.ts';
export type { PolicyInput, PolicyLoad } from './load-policy.ts';
export { readNamedFiles } from './assemble/named-files.ts';
export { readPluginPaths, readRouter, readUnderstanding } from './read-understanding.ts';
export { appliedConstraints, featuresOf } from './tests/features.ts';
export { judge } from './tests/judge.ts';
export type { PolicyTest } from './tests/policy-test.ts';
export { readOfflineRequest, requestForm } from './tests/read-request.ts';
export type { OfflineRequestRead } from './tests/read-request.ts';
export { Selection } from './tests/selection.ts';
export {
  expectationOf,
  requestOfDecision,
  shortened,
  testsYaml,
  withLearnedReadings,
} from './tests/suggested.ts';
export type { SuggestedTest } from './tests/suggested.ts';
export { addLocalModel } from './edit/add-local-model.ts';
