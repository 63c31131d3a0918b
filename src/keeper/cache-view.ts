import type { CacheRouteView, CacheView } from '../contract/index.ts';
import { cacheGauges } from './cache-gauges.ts';
import type { WorkerGauges } from './cache-gauges.ts';
import type { MetricSums, Sample } from './metric-sums.ts';
import { METRICS } from './metrics-catalogue.ts';

type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

/** The same as `/metrics` says of the cache, for those who do not scrape. */
export function cacheViewOf(sums: MetricSums, told: readonly WorkerGauges[]): CacheView {
  const gauges = new Map(cacheGauges(told));
  const routes = new Map<string, Draft<CacheRouteView>>();
  const routeOf = ({ labels }: Sample): Draft<CacheRouteView> => {
    const route = labels['route']!;
    const known = routes.get(route) ?? { ...NOTHING, route, lookups: {} };
    routes.set(route, known);
    return known;
  };
  for (const sample of sums.valuesOf(METRICS.cacheLookups)) {
    const view = routeOf(sample);
    view.lookups = { ...view.lookups, [sample.labels['status']!]: sample.value };
  }
  for (const sample of sums.valuesOf(METRICS.cacheStored)) routeOf(sample).stored = sample.value;
  for (const sample of sums.valuesOf(METRICS.cacheExplored)) {
    if (sample.labels['result'] === 'same') routeOf(sample).exploredSame = sample.value;
    else routeOf(sample).exploredDifferent = sample.value;
  }
  const gaugeOf = (name: string): readonly Sample[] => gauges.get(name) ?? [];
  for (const sample of gaugeOf(METRICS.cacheExpectedErrors.name)) {
    routeOf(sample).expectedErrors = sample.value;
  }
  for (const sample of gaugeOf(METRICS.cacheAllowedErrors.name)) {
    routeOf(sample).allowedErrors = sample.value;
  }
  const bytes = gaugeOf(METRICS.cacheBytes.name);
  return {
    workers: gaugeOf(METRICS.cacheEntries.name).map(({ labels, value }, i) => ({
      worker: Number(labels['worker']),
      entries: value,
      bytes: bytes[i]!.value,
    })),
    routes: [...routes.values()].sort((a, b) => (a.route < b.route ? -1 : 1)),
    removed: Object.fromEntries(
      sums.valuesOf(METRICS.cacheRemoved).map(({ labels, value }) => [labels['reason']!, value]),
    ),
    savedUsd: sumOf(sums.valuesOf(METRICS.cacheSavedCost)),
    savedTokens: sumOf(sums.valuesOf(METRICS.cacheSavedTokens)),
  };
}

const NOTHING = {
  stored: 0,
  exploredSame: 0,
  exploredDifferent: 0,
  expectedErrors: 0,
  allowedErrors: 0,
} as const;

function sumOf(samples: readonly Sample[]): number {
  let sum = 0;
  for (const { value } of samples) sum += value;
  return sum;
}
