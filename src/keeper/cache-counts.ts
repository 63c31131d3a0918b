import type { CacheLoss, CacheStanding, MetricsDelta, StoredHit } from '../contract/index.ts';
import { METRICS } from './metrics-catalogue.ts';
import type { MetricEntry } from './metrics-catalogue.ts';
import { seriesKey } from './series-key.ts';

/** How a request met the cache. */
type CacheStatus = 'hit' | 'semantic' | 'coalesced' | 'miss' | 'bypass';

/** Of one route, since it was last told. */
interface RouteCounts {
  readonly lookups: Record<CacheStatus, number>;
  stored: number;
  same: number;
  different: number;
}

/** What hits would have cost at the models that had answered, since it was last told. */
interface SavedCounts {
  picoUsd: number;
  promptTokens: number;
  outputTokens: number;
}

/** What a worker counts of its cache. Routes and models are the policy's, so there are never many. */
export class CacheCounts {
  readonly #routes = new Map<string, RouteCounts>();
  readonly #saved = new Map<string, SavedCounts>();
  readonly #told = new Map<CacheLoss, number>();
  #read: (() => CacheStanding) | null = null;

  /** Where to ask what there is. */
  readFrom(read: () => CacheStanding): void {
    this.#read = read;
  }

  looked(route: string, status: CacheStatus): void {
    this.#routeOf(route).lookups[status]++;
  }

  served(route: string, { entry: { answer }, similarity, isShared }: StoredHit): void {
    this.looked(route, similarity !== null ? 'semantic' : isShared ? 'coalesced' : 'hit');
    let saved = this.#saved.get(answer.model);
    if (saved === undefined) {
      saved = { picoUsd: 0, promptTokens: 0, outputTokens: 0 };
      this.#saved.set(answer.model, saved);
    }
    saved.picoUsd += answer.costPicoUsd;
    saved.promptTokens += answer.promptTokens;
    saved.outputTokens += answer.outputTokens;
  }

  stored(route: string): void {
    this.#routeOf(route).stored++;
  }

  /** A request that a stored answer could have served went to a model, and the two answers were compared. */
  explored(route: string, isSame: boolean): void {
    if (isSame) this.#routeOf(route).same++;
    else this.#routeOf(route).different++;
  }

  /** What has been counted since the last call, and what there is. */
  drain(): Pick<MetricsDelta, 'counters' | 'gauges'> {
    const counters: [string, number][] = [];
    const add = ({ name }: MetricEntry, labels: Record<string, string>, amount: number): void => {
      if (amount > 0) counters.push([seriesKey(name, labels), amount]);
    };
    for (const [route, { lookups, stored, same, different }] of this.#routes) {
      for (const [status, count] of Object.entries(lookups)) {
        add(METRICS.cacheLookups, { route, status }, count);
      }
      add(METRICS.cacheStored, { route }, stored);
      add(METRICS.cacheExplored, { route, result: 'same' }, same);
      add(METRICS.cacheExplored, { route, result: 'different' }, different);
    }
    for (const [model, { picoUsd, promptTokens, outputTokens }] of this.#saved) {
      add(METRICS.cacheSavedCost, { model }, picoUsd / 1e12);
      add(METRICS.cacheSavedTokens, { model, kind: 'prompt' }, promptTokens);
      add(METRICS.cacheSavedTokens, { model, kind: 'output' }, outputTokens);
    }
    this.#routes.clear();
    this.#saved.clear();
    const standing = this.#read?.();
    if (standing === undefined) return { counters, gauges: [] };
    for (const [reason, count] of Object.entries(standing.losses) as [CacheLoss, number][]) {
      add(METRICS.cacheRemoved, { reason }, count - (this.#told.get(reason) ?? 0));
      this.#told.set(reason, count);
    }
    return { counters, gauges: gaugesOf(standing) };
  }

  #routeOf(route: string): RouteCounts {
    let counts = this.#routes.get(route);
    if (counts === undefined) {
      const lookups = { hit: 0, semantic: 0, coalesced: 0, miss: 0, bypass: 0 };
      counts = { lookups, stored: 0, same: 0, different: 0 };
      this.#routes.set(route, counts);
    }
    return counts;
  }
}

function gaugesOf({ entries, bytes, bounds }: CacheStanding): [string, number][] {
  const gauges: [string, number][] = [
    [seriesKey(METRICS.cacheEntries.name, {}), entries],
    [seriesKey(METRICS.cacheBytes.name, {}), bytes],
  ];
  for (const { route, expected, allowed } of bounds) {
    gauges.push([seriesKey(METRICS.cacheExpectedErrors.name, { route }), expected]);
    gauges.push([seriesKey(METRICS.cacheAllowedErrors.name, { route }), allowed]);
  }
  return gauges;
}
