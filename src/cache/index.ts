/**
 * Cache: answers that need no model. Enters a workload and its mandate, leaves a hit or null, and a hit
 * to the client. Without a configured cache only the fixed answer of a route is a hit.
 */
export { lookUpFixed, replayFixed } from './fixed-answer.ts';
