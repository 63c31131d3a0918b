import type { Baseline } from './baseline.ts';
import { leastOf } from './baseline.ts';

/** Where the fewest of its own requests are under way. */
export function leastConnections(): Baseline {
  return { pick: (_request, views) => leastOf(views, ({ inFlight }) => inFlight) };
}
