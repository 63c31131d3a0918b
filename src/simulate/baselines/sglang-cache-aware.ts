import { TRACE_BLOCK_TOKENS } from '../traces/trace.ts';
import type { Baseline, BaselineTools, InstanceView } from './baseline.ts';
import { leastOf } from './baseline.ts';
import { RoutedPrefixes } from './routed-prefixes.ts';

const IMBALANCE_ABSOLUTE = 64;
const IMBALANCE_RELATIVE = 1.5;
const MATCH_RATIO = 0.3;
/** Its tree is far larger than any engine's memory: 2^26 characters, at four per token. */
const TREE_BLOCKS = 2 ** 26 / 4 / TRACE_BLOCK_TOKENS;

/**
 * The cache-aware policy of the SGLang gateway: the shortest queue where loads differ by more than 64 and by half; else the longest match
 * of more than 0.3 of the prompt, else the smallest tree.
 */
export function sglangCacheAware({ instances }: BaselineTools): Baseline {
  const prefixes = new RoutedPrefixes(instances, TREE_BLOCKS);
  return {
    pick(request, views) {
      const loads = views.map(({ inFlight }) => inFlight);
      const most = Math.max(...loads);
      const least = Math.min(...loads);
      if (most - least > IMBALANCE_ABSOLUTE && most > IMBALANCE_RELATIVE * least) {
        return leastOf(views, ({ inFlight }) => inFlight);
      }
      const match = ({ place }: InstanceView): number => prefixes.matchedTokens(request, place);
      const best = leastOf(views, (view) => -match(view));
      if (match(best) > MATCH_RATIO * request.promptTokens) return best;
      return leastOf(views, ({ place }) => prefixes.sizeOf(place));
    },
    sent: (request, { place }) => prefixes.add(request, place),
  };
}
