/**
 * Keeper: the one owner of what workers share. What enters: the policy's text, probes of the fleet,
 * outcomes and requests for budget from workers, and the admin API's changes. What leaves: worlds to
 * decide from, grants and refusals of budget, commits to the store, metrics and events. It never
 * decides where a request goes, and never grants what is not yet stored as granted.
 */
export type { KeeperOptions, LoadPolicy, PolicySource } from './keeper-options.ts';
export { createKeeperClient } from './client.ts';
export type { KeeperClientOptions } from './client.ts';
export { createChannelPair, createPortChannel, createProcessChannel } from './channel.ts';
export type { Channel, ProcessEnd } from './channel.ts';
export { carbonOf } from './carbon.ts';
export type { CacheCounts } from './cache-counts.ts';
export { createCounters } from './counters.ts';
export type { Counters } from './counters.ts';
export { METRICS } from './metrics-catalogue.ts';
export type { MetricEntry } from './metrics-catalogue.ts';
export { reserveFor } from './growing-reservation.ts';
export { reserveRequestOf } from './reserve.ts';
export { fixedOutcome, settleResult } from './settle.ts';
