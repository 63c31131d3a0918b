/**
 * Cache: answers that need no model. Enters a workload and its mandate, leaves a hit, a candidate for the
 * market or null, and a hit to the client; what was answered enters again to be stored. Without a
 * configured cache only the fixed answer of a route is a hit.
 */
export { lookUpFixed, replayFixed } from './fixed-answer.ts';
export { replayStored } from './replay-stored.ts';
export { ResponseCache } from './response-cache.ts';
