import type { Clock } from './kernel/index.ts';
import type { CacheConfig, CacheStore } from './contract/index.ts';
import { importPackage, requireOptionalPackage } from './pool/index.ts';
import { CacheFile, PostgresCache, RedisCache } from './store/index.ts';
import type { PostgresPackage, RedisPackage } from './store/index.ts';

/**
 * Where stored answers are kept; null: in memory only. A server is not connected to yet: one that is
 * away does not keep the exchange from starting. Rejects with `BRS_DEPENDENCY_MISSING`.
 */
export async function openCacheStore(
  config: CacheConfig | undefined,
  clock: Clock,
): Promise<CacheStore | null> {
  if (config?.server === undefined) {
    const path = config?.path ?? null;
    return path === null ? null : new CacheFile(path);
  }
  const { kind, url, entriesMax } = config.server;
  if (kind === 'postgres') {
    const at = requireOptionalPackage('A cache in PostgreSQL', 'pg');
    return new PostgresCache({
      url,
      clock,
      library: await importPackage<PostgresPackage>(at, 'Pool'),
      ...(entriesMax !== undefined && {
        bounds: { keptMax: entriesMax, loadedMax: config.entriesMax },
      }),
    });
  }
  const at = requireOptionalPackage('A cache in Redis', 'ioredis');
  return new RedisCache({ url, clock, library: await importPackage<RedisPackage>(at, 'Redis') });
}
