import type { Telemetry } from '../contract/index.ts';
import { eachSample } from './prometheus.ts';

type Quantity = keyof Telemetry;

/** Sums over the series of one model. `series` counts them, for the mean. */
interface Tally {
  sum: number;
  series: number;
}

/**
 * vLLM's series, under the names of all versions; a counter stands with and without `_total`.
 * Where a server exports the old and the new name, the earlier of this list is read.
 */
const VLLM_SERIES: readonly (readonly [Quantity, readonly string[]])[] = [
  ['runningRequests', ['vllm:num_requests_running']],
  ['waitingRequests', ['vllm:num_requests_waiting']],
  ['kvUsageRatio', ['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc']],
  ['promptTokensTotal', counter('vllm:prompt_tokens')],
  ['generationTokensTotal', counter('vllm:generation_tokens')],
  [
    'prefixCacheQueriesTotal',
    [...counter('vllm:prefix_cache_queries'), ...counter('vllm:gpu_prefix_cache_queries')],
  ],
  [
    'prefixCacheHitsTotal',
    [...counter('vllm:prefix_cache_hits'), ...counter('vllm:gpu_prefix_cache_hits')],
  ],
];

/** The simulated engine adds the power that it draws. */
const SIMULATED_SERIES = [
  ...VLLM_SERIES,
  ['powerWatts', ['bourse_sim:power_watts']],
] as const satisfies typeof VLLM_SERIES;

function counter(name: string): readonly string[] {
  return [`${name}_total`, name];
}

/** Reads the telemetry of one model; see `readSeries`. */
export const readVllmTelemetry = createReader(VLLM_SERIES);
export const readSimulatedTelemetry = createReader(SIMULATED_SERIES);

/**
 * There is one series per engine rank: counts are summed over the ranks and KV use is their mean.
 * Series of another `model_name` are left out, unless the server knows one model only: then it goes
 * by an alias. Missing, negative and non-finite values read as null.
 */
function createReader(
  series: typeof VLLM_SERIES,
): (text: string, upstreamName: string) => Telemetry {
  const wanted = new Set(series.flatMap(([, names]) => names));
  return (text, upstreamName) => {
    const models = new Map<string | undefined, Map<string, Tally>>();
    eachSample(
      text,
      (name) => wanted.has(name),
      (sample) => {
        if (sample.value < 0) return;
        const model = sample.label('model_name');
        let tallies = models.get(model);
        if (tallies === undefined) models.set(model, (tallies = new Map()));
        const tally = tallies.get(sample.name);
        if (tally === undefined) tallies.set(sample.name, { sum: sample.value, series: 1 });
        else {
          tally.sum += sample.value;
          tally.series++;
        }
      },
    );
    const unlabelled = models.get(undefined);
    models.delete(undefined);
    const own =
      models.get(upstreamName) ?? (models.size === 1 ? [...models.values()][0] : undefined);
    const find = (names: readonly string[]): Tally | null => {
      for (const name of names) {
        const tally = own?.get(name) ?? unlabelled?.get(name);
        if (tally !== undefined) return tally;
      }
      return null;
    };
    return toTelemetry(new Map(series.map(([quantity, names]) => [quantity, find(names)])));
  };
}

function toTelemetry(tallies: ReadonlyMap<Quantity, Tally | null>): Telemetry {
  const total = (quantity: Quantity): number | null => {
    const sum = tallies.get(quantity)?.sum ?? null;
    return sum === null || !Number.isFinite(sum) ? null : sum;
  };
  const kv = tallies.get('kvUsageRatio') ?? null;
  return {
    runningRequests: total('runningRequests'),
    waitingRequests: total('waitingRequests'),
    kvUsageRatio: kv === null ? null : Math.min(1, kv.sum / kv.series),
    promptTokensTotal: total('promptTokensTotal'),
    generationTokensTotal: total('generationTokensTotal'),
    prefixCacheQueriesTotal: total('prefixCacheQueriesTotal'),
    prefixCacheHitsTotal: total('prefixCacheHitsTotal'),
    powerWatts: total('powerWatts'),
  };
}
