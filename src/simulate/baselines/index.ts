/** Routers to compare with, each from the formula that its source publishes. */
import { aibrixPrefix } from './aibrix-prefix.ts';
import type { OpenBaseline } from './baseline.ts';
import { dynamo } from './dynamo.ts';
import { leastConnections } from './least-connections.ts';
import { llmD } from './llm-d.ts';
import { lodestar } from './lodestar.ts';
import { oracle } from './oracle.ts';
import { powerOfTwo } from './power-of-two.ts';
import { roundRobin } from './round-robin.ts';
import { sglangCacheAware } from './sglang-cache-aware.ts';
import { weightedAuction } from './weighted-auction.ts';

export const BASELINES: ReadonlyMap<string, OpenBaseline> = new Map<string, OpenBaseline>([
  ['round-robin', roundRobin],
  ['least-connections', leastConnections],
  ['power-of-two', powerOfTwo],
  ['sglang-cache-aware', sglangCacheAware],
  ['llm-d', llmD],
  ['dynamo', dynamo],
  ['aibrix-prefix', aibrixPrefix],
  ['weighted-auction', weightedAuction],
  ['lodestar', lodestar],
  ['oracle', oracle],
]);
