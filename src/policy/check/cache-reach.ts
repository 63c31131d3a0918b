import type { Findings } from '../document/place.ts';
import { entriesOf, membersOf } from '../document/raw.ts';

/** Requests of several hosts meet at a server only. */
export function checkCacheReach(root: Readonly<Record<string, unknown>>, findings: Findings): void {
  const cache = membersOf(root['cache']);
  const { kind } = membersOf(cache['store']);
  if (kind === 'postgres' || kind === 'redis') return;
  const check = (rule: unknown, path: readonly (string | number)[]): void => {
    if (membersOf(rule)['coalesce'] !== 'hosts') return;
    findings.add(
      [...path, 'coalesce'],
      'needs a server where hosts meet: name one under cache.store, or write host',
    );
  };
  check(cache['named'], ['cache', 'named']);
  for (const [i, route] of entriesOf(root['routes'])) check(route['cache'], ['routes', i, 'cache']);
}
