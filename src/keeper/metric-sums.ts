import { createRequire } from 'node:module';
import type * as PromClient from 'prom-client';
import type { AttemptShare, BourseEvent, MetricsDelta, Outcome, Usage } from '../contract/index.ts';
import { METRICS } from './metrics-catalogue.ts';
import type { MetricEntry } from './metrics-catalogue.ts';
import { parseSeriesKey } from './series-key.ts';

/** The registry alone: the package's index loads OpenTelemetry for exemplars, 2 MB of heap. */
const Registry = createRequire(import.meta.url)(
  'prom-client/lib/registry.js',
) as typeof PromClient.Registry;

type Labels = Readonly<Record<string, string>>;

interface CounterSeries {
  readonly labels: Labels;
  value: number;
}

interface HistogramSeries {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
}

/** One line of the exposition, as prom-client formats it. */
export interface Sample {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Past this many series of one metric, further ones count as one whose labels are `other`. */
const SERIES_MAX = 2_000;

const ENTRIES: readonly MetricEntry[] = Object.values(METRICS);
const entryOf = new Map(ENTRIES.map((entry) => [entry.name, entry]));

/** The sums of the whole server since its start, and their exposition. */
export class MetricSums {
  readonly #counters = new Map<string, Map<string, CounterSeries>>();
  readonly #histograms = new Map<string, Map<string, HistogramSeries>>();
  readonly #registry = new Registry();
  #gauges: ReadonlyMap<string, readonly Sample[]> = new Map();

  constructor() {
    for (const entry of ENTRIES) {
      const { name, help, type } = entry;
      const get = async () => ({
        name,
        help,
        type,
        values: this.#samples(entry),
        aggregator: 'sum',
      });
      // The registry only reads `name` and calls `get`: the sums stay ours, the format is the library's.
      this.#registry.registerMetric({ name, get } as unknown as Parameters<
        PromClient.Registry['registerMetric']
      >[0]);
    }
  }

  count(entry: MetricEntry, labels: Labels, amount = 1): void {
    const series = seriesIn(this.#counters, entry, labels, (own) => ({ labels: own, value: 0 }));
    series.value += amount;
  }

  observe(entry: MetricEntry, labels: Labels, value: number): void {
    const series = this.#histogram(entry, labels);
    const bounds = entry.buckets ?? [];
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    series.counts[bucket]!++;
    series.sum += value;
  }

  /** What a worker counted since it last told. */
  addDelta(delta: MetricsDelta): void {
    for (const [key, amount] of delta.counters) {
      const { name, labels } = parseSeriesKey(key);
      const entry = entryOf.get(name);
      if (entry !== undefined) this.count(entry, labels, amount);
    }
    for (const { key, counts, sum } of delta.histograms) {
      const { name, labels } = parseSeriesKey(key);
      const entry = entryOf.get(name);
      if (entry === undefined) continue;
      const series = this.#histogram(entry, labels);
      counts.forEach((count, i) => (series.counts[i]! += count));
      series.sum += sum;
    }
  }

  addEvent(event: BourseEvent): void {
    this.count(METRICS.events, { kind: event.kind });
    if (event.kind === 'refused') this.count(METRICS.refusals, { reason: event.reason });
    if (event.kind === 'turned-away') this.count(METRICS.refusals, { reason: event.code });
    if (event.kind === 'budget-warning') {
      const { budget, quantity, level } = event;
      this.count(METRICS.budgetWarnings, { rule: budget, quantity, level: `${level}` });
    }
    if (event.kind === 'answer-judged') {
      const { judge, form, result } = event;
      this.count(METRICS.judgements, { judge, form, result });
    }
    if (event.kind === 'tool-call-guarded') {
      const { source, action } = event;
      this.count(METRICS.guardedCalls, { source, action });
    }
  }

  addOutcome(outcome: Outcome): void {
    const { surface, route, status, usage } = outcome;
    const model = outcome.model ?? 'none';
    this.count(METRICS.requests, { surface, route, model, status });
    for (const { instance, result } of outcome.attempts) {
      this.count(METRICS.attempts, { instance, result });
    }
    if (outcome.model === null) return;
    const isShared = outcome.attempts.some(({ share }) => share !== undefined);
    if (!isShared) this.#addUse(model, usage, outcome.costPicoUsd);
    else for (const { share } of outcome.attempts) this.#addShare(share);
    const source = outcome.energySource;
    this.count(METRICS.energy, { model, source }, outcome.energyMicrojoules / 1e6);
    if (outcome.ttftMs !== null) this.observe(METRICS.ttft, { model }, outcome.ttftMs / 1000);
    this.observe(METRICS.requestTime, { model }, outcome.totalMs / 1000);
  }

  #addShare(share: AttemptShare | undefined): void {
    if (share !== undefined) this.#addUse(share.model, share.usage, share.costPicoUsd);
  }

  #addUse(model: string, usage: Usage, costPicoUsd: number): void {
    this.count(METRICS.tokens, { model, kind: 'prompt' }, usage.promptTokens);
    this.count(METRICS.tokens, { model, kind: 'cached' }, usage.cachedTokens);
    this.count(METRICS.tokens, { model, kind: 'output' }, usage.outputTokens);
    this.count(METRICS.cost, { model }, costPicoUsd / 1e12);
  }

  /** A counter as it stands. */
  valuesOf({ name }: MetricEntry): readonly Sample[] {
    return [...(this.#counters.get(name)?.values() ?? [])];
  }

  /** The Prometheus text, with these gauges of the moment. */
  render(gauges: ReadonlyMap<string, readonly Sample[]>): Promise<string> {
    this.#gauges = gauges;
    return this.#registry.metrics();
  }

  #histogram(entry: MetricEntry, labels: Labels): HistogramSeries {
    return seriesIn(this.#histograms, entry, labels, (own) => ({
      labels: own,
      counts: Array.from({ length: (entry.buckets?.length ?? 0) + 1 }, () => 0),
      sum: 0,
    }));
  }

  #samples(entry: MetricEntry): readonly Sample[] {
    if (entry.type === 'gauge') return this.#gauges.get(entry.name) ?? [];
    if (entry.type === 'counter') return this.valuesOf(entry);
    const series = this.#histograms.get(entry.name)?.values() ?? [];
    return [...series].flatMap((one) => histogramSamples(entry, one));
  }
}

function seriesIn<S extends { readonly labels: Labels }>(
  table: Map<string, Map<string, S>>,
  entry: MetricEntry,
  labels: Labels,
  create: (labels: Labels) => S,
): S {
  let metric = table.get(entry.name);
  if (metric === undefined) {
    metric = new Map();
    table.set(entry.name, metric);
  }
  let key = valuesOf(entry, labels);
  let series = metric.get(key);
  if (series !== undefined) return series;
  let own = labels;
  if (metric.size >= SERIES_MAX) {
    own = Object.fromEntries(entry.labels.map((label) => [label, 'other']));
    key = valuesOf(entry, own);
  }
  series = metric.get(key) ?? create(own);
  metric.set(key, series);
  return series;
}

function histogramSamples(entry: MetricEntry, series: HistogramSeries): Sample[] {
  const { labels, counts, sum } = series;
  let total = 0;
  const samples = counts.map((count, i): Sample => {
    total += count;
    const bound = entry.buckets?.[i];
    const le = bound === undefined ? '+Inf' : String(bound);
    return { metricName: `${entry.name}_bucket`, labels: { ...labels, le }, value: total };
  });
  samples.push({ metricName: `${entry.name}_sum`, labels, value: sum });
  samples.push({ metricName: `${entry.name}_count`, labels, value: total });
  return samples;
}

/** Tells the series of one metric apart; a dozen are looked up per outcome. */
function valuesOf({ labels: names }: MetricEntry, labels: Labels): string {
  let key = '';
  for (const name of names) key += `${labels[name] ?? ''}\0`;
  return key;
}
