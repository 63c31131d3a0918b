import type { MetricsDelta } from '../contract/index.ts';
import { CacheCounts } from './cache-counts.ts';
import { METRICS } from './metrics-catalogue.ts';
import { seriesKey } from './series-key.ts';

/** What a worker counts itself, on the hot path; the rest the keeper counts from outcomes and events. */
export interface Counters {
  /** A stage of a request took this long. */
  stage(name: string, spentMicroseconds: number): void;
  /** What became of requests at the cache. */
  readonly cache: CacheCounts;
  /** What was counted since the last call. */
  drain(): MetricsDelta;
}

/** Past this many stages, further names count as `other`. */
const STAGES_MAX = 64;
const BUCKETS = METRICS.stage.buckets!;
const BOUNDS_MICROSECONDS = BUCKETS.map((seconds) => seconds * 1e6);

class Histogram {
  readonly key: string;
  readonly counts = new Uint32Array(BUCKETS.length + 1);
  sumMicroseconds = 0;

  constructor(key: string) {
    this.key = key;
  }

  add(microseconds: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MICROSECONDS.length && microseconds > BOUNDS_MICROSECONDS[bucket]!) {
      bucket++;
    }
    this.counts[bucket]!++;
    this.sumMicroseconds += microseconds;
  }
}

export function createCounters(): Counters {
  const stages = new Map<string, Histogram>();
  const cache = new CacheCounts();

  function histogramOf(name: string): Histogram {
    const label = stages.size < STAGES_MAX ? name : 'other';
    let histogram = stages.get(label);
    if (histogram === undefined) {
      histogram = new Histogram(seriesKey(METRICS.stage.name, { stage: label }));
      stages.set(label, histogram);
    }
    return histogram;
  }

  return {
    cache,
    stage: (name, spentMicroseconds) =>
      (stages.get(name) ?? histogramOf(name)).add(spentMicroseconds),
    drain() {
      const histograms = [];
      for (const { key, counts, sumMicroseconds } of stages.values()) {
        histograms.push({ key, counts: [...counts], sum: sumMicroseconds / 1e6 });
      }
      for (const histogram of stages.values()) {
        histogram.counts.fill(0);
        histogram.sumMicroseconds = 0;
      }
      return { ...cache.drain(), histograms };
    },
  };
}
