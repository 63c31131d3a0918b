import type { Baseline, BaselineTools } from './baseline.ts';

/** The less busy of two that are drawn (Mitzenmacher 2001). */
export function powerOfTwo({ rng }: BaselineTools): Baseline {
  return {
    pick(_request, views) {
      const a = Math.floor(rng.next() * views.length);
      const b = Math.floor(rng.next() * Math.max(1, views.length - 1));
      const first = views[a]!;
      const second = views[b < a ? b : (b + 1) % views.length]!;
      return second.inFlight < first.inFlight ? second : first;
    },
  };
}
