/**
 * Policy: who may serve a request, and what the qualities of an answer are worth.
 * Enters: the text of a policy file, at load; a workload, its signals and the fleet, per request.
 * Leaves: a mandate or a refusal; problems with line and column; the file's JSON Schema and reference.
 * Never: I/O, a choice among the instances that it permits, or a signal that the outcome does not need.
 */
export { loadPolicy } from './load-policy.ts';
export type { PolicyInput, PolicyLoad } from './load-policy.ts';
export { readUnderstanding } from './read-understanding.ts';
export { policyJsonSchema } from './reference/json-schema.ts';
export { policyReference } from './reference/markdown.ts';
