import type { Baseline } from './baseline.ts';

/** Each in its turn. */
export function roundRobin(): Baseline {
  let last = -1;
  return {
    pick(_request, views) {
      const next = views.find(({ place }) => place > last) ?? views[0]!;
      last = next.place;
      return next;
    },
  };
}
