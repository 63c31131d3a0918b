import type { Baseline, BaselineTools, InstanceView } from './baseline.ts';
import { leastOf } from './baseline.ts';
import { RoutedPrefixes } from './routed-prefixes.ts';

const IMBALANCE = 8;

/**
 * AIBrix's prefix-cache policy: the fewest requests where they differ by more than 8; else the longest match among instances
 * whose requests are within a standard deviation of the mean, the fewest requests among equals; without a match, the fewest.
 */
export function aibrixPrefix({ instances }: BaselineTools): Baseline {
  const prefixes = new RoutedPrefixes(instances);
  const fewest = (views: readonly InstanceView[]): InstanceView =>
    leastOf(views, ({ inFlight }) => inFlight);
  return {
    pick(request, views) {
      const loads = views.map(({ inFlight }) => inFlight);
      if (Math.max(...loads) - Math.min(...loads) > IMBALANCE) return fewest(views);
      const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
      const variance = loads.reduce((sum, load) => sum + (load - mean) ** 2, 0) / loads.length;
      const limit = mean + Math.sqrt(variance);
      const matched = views.filter(
        ({ place, inFlight }) => inFlight <= limit && prefixes.matchedTokens(request, place) > 0,
      );
      if (matched.length === 0) return fewest(views);
      const longest = Math.max(
        ...matched.map(({ place }) => prefixes.matchedTokens(request, place)),
      );
      return fewest(
        matched.filter(({ place }) => prefixes.matchedTokens(request, place) === longest),
      );
    },
    sent: (request, { place }) => prefixes.add(request, place),
  };
}
