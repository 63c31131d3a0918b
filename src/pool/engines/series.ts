import type { Telemetry } from '../../contract/index.ts';
import { eachSample } from '../prometheus.ts';

export type Quantity = keyof Telemetry;

/** The names under which a quantity is exported, the one that is preferred first. */
export type Series = readonly (readonly [Quantity, readonly string[]])[];

/** Sums over the series of one model. `series` counts them, for the mean. */
interface Tally {
  sum: number;
  series: number;
}

/** A counter stands with and without `_total`, by version. */
export const counter = (name: string): readonly string[] => [`${name}_total`, name];

/**
 * Reads the telemetry of one model from a Prometheus text. There is one series per engine rank: counts
 * are summed over the ranks and KV use is their mean. Series whose `modelLabel` names another model are
 * left out, unless the server knows one model only: then it goes by an alias. Missing, negative and
 * non-finite values read as null.
 */
export function createReader(
  series: Series,
  modelLabel = 'model_name',
): (text: string, upstreamName: string) => Telemetry {
  const wanted = new Set(series.flatMap(([, names]) => names));
  return (text, upstreamName) => {
    const models = new Map<string | undefined, Map<string, Tally>>();
    eachSample(
      text,
      (name) => wanted.has(name),
      (sample) => {
        if (sample.value < 0) return;
        const model = sample.label(modelLabel);
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
