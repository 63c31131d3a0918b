import type { Baseline, BaselineTools } from './baseline.ts';
import { leastOf } from './baseline.ts';
import { RoutedPrefixes } from './routed-prefixes.ts';

/**
 * The cost of NVIDIA Dynamo's KV router, the lowest of which wins: the blocks of prefill that would be under way, less those that overlap,
 * and the blocks that decode. It counts its own requests, and the load scale and the overlap's credit are 1.
 */
export function dynamo({ instances }: BaselineTools): Baseline {
  const prefixes = new RoutedPrefixes(instances);
  const decodeTokens = instances.map(() => 0);
  return {
    pick: (request, views) =>
      leastOf(views, ({ place, pendingTokens, instance: { spec } }) => {
        const overlap = prefixes.matchedTokens(request, place);
        const prefill = Math.max(pendingTokens + request.promptTokens - overlap, 0);
        return (prefill + decodeTokens[place]!) / spec.blockSize;
      }),
    sent(request, { place }) {
      prefixes.add(request, place);
      decodeTokens[place]! += request.promptTokens;
    },
    ended(request, place) {
      decodeTokens[place]! -= request.promptTokens;
    },
  };
}
