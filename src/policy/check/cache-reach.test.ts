import { expect, test } from 'vitest';
import { Findings } from '../document/place.ts';
import { checkCacheReach } from './cache-reach.ts';

function found(policy: Readonly<Record<string, unknown>>): readonly string[] {
  const findings = new Findings(new Map());
  checkCacheReach(policy, findings);
  return findings.problems.map(({ path, message }) => `${path}: ${message}`);
}

test('hosts meet at a server only', () => {
  const routes = [{ cache: { coalesce: 'host' } }, { cache: { coalesce: 'hosts' } }, {}];
  expect(found({ routes })).toEqual([
    'routes[1].cache.coalesce: needs a server where hosts meet: name one under cache.store, or write host',
  ]);
  const named = { coalesce: 'hosts' };
  expect(found({ cache: { named, store: { kind: 'file', path: 'a' } } })[0]).toContain(
    'cache.named.coalesce: needs a server',
  );
  for (const kind of ['postgres', 'redis']) {
    expect(found({ routes, cache: { named, store: { kind, url: 'x' } } })).toEqual([]);
  }
  expect(found({})).toEqual([]);
});
