import type { Baseline, BaselineTools, InstanceView } from './baseline.ts';
import { leastOf } from './baseline.ts';
import { RoutedPrefixes } from './routed-prefixes.ts';

const QUEUE_WEIGHT = 2;
const KV_WEIGHT = 2;
const PREFIX_WEIGHT = 3;

/** The default scorers of llm-d's endpoint picker: queue, min-max normalised, KV use and prefix; the highest sum, ties by chance. */
export function llmD({ rng, instances }: BaselineTools): Baseline {
  const prefixes = new RoutedPrefixes(instances);
  return {
    pick(request, views) {
      const queues = views.map(({ telemetry }) => telemetry.waitingRequests ?? 0);
      const longest = Math.max(...queues);
      const range = longest - Math.min(...queues);
      const score = ({ telemetry, place }: InstanceView): number => {
        const waiting = telemetry.waitingRequests ?? 0;
        const queue = range === 0 ? 1 : (longest - waiting) / range;
        const kv = 1 - (telemetry.kvUsageRatio ?? 0);
        const prefix = prefixes.matchedTokens(request, place) / request.promptTokens;
        return QUEUE_WEIGHT * queue + KV_WEIGHT * kv + PREFIX_WEIGHT * prefix;
      };
      const scores = new Map(views.map((view) => [view, score(view) + rng.next() * 1e-9]));
      return leastOf(views, (view) => -scores.get(view)!);
    },
    sent: (request, { place }) => prefixes.add(request, place),
  };
}
