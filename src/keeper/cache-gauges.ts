import type { MetricsDelta } from '../contract/index.ts';
import { METRICS } from './metrics-catalogue.ts';
import type { Sample } from './metric-sums.ts';
import { parseSeriesKey } from './series-key.ts';

/** What one worker has told of the moment. */
export interface WorkerGauges {
  readonly worker: number;
  readonly gauges: MetricsDelta['gauges'];
}

/** Each worker's stored answers, and how much of the error bound of each route all of them have used. */
export function cacheGauges(told: readonly WorkerGauges[]): [string, readonly Sample[]][] {
  const entries: Sample[] = [];
  const bytes: Sample[] = [];
  const expected = new Map<string, number>();
  const allowed = new Map<string, number>();
  for (const { worker, gauges } of told) {
    for (const [key, value] of gauges) {
      const { name, labels } = parseSeriesKey(key);
      const route = labels['route'] ?? '';
      const sample: Sample = { labels: { worker: String(worker) }, value };
      if (name === METRICS.cacheEntries.name) entries.push(sample);
      else if (name === METRICS.cacheBytes.name) bytes.push(sample);
      else if (name === METRICS.cacheExpectedErrors.name) add(expected, route, value);
      else if (name === METRICS.cacheAllowedErrors.name) add(allowed, route, value);
    }
  }
  const used = [...allowed].map(([route, errors]): Sample => {
    const value = errors === 0 ? 0 : (expected.get(route) ?? 0) / errors;
    return { labels: { route }, value };
  });
  return [
    [METRICS.cacheEntries.name, entries],
    [METRICS.cacheBytes.name, bytes],
    [METRICS.cacheExpectedErrors.name, samplesOf(expected)],
    [METRICS.cacheAllowedErrors.name, samplesOf(allowed)],
    [METRICS.cacheBoundUsed.name, used],
  ];
}

const add = (sums: Map<string, number>, route: string, value: number): void =>
  void sums.set(route, (sums.get(route) ?? 0) + value);

const samplesOf = (sums: ReadonlyMap<string, number>): Sample[] =>
  [...sums].map(([route, value]) => ({ labels: { route }, value }));
