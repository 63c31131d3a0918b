import type { CacheConfig, CacheRule, CacheServer } from '../../contract/index.ts';
import type { CacheFile, CacheRuleFile } from '../schema/cache.ts';

const BYTES_PER_MEGABYTE = 1024 * 1024;

export function buildCache(
  file: CacheFile,
  near: (path: string) => string,
  tenants: Iterable<string>,
): CacheConfig {
  const { store } = file;
  const path = store?.kind === 'file' ? store.path : file.path;
  return {
    path: path === undefined ? null : near(path),
    ...(store === undefined || store.kind === 'file' ? {} : { server: serverOf(store) }),
    entriesMax: file.entries,
    bytesMax: file.megabytes * BYTES_PER_MEGABYTE,
    scopesMax: file.tenants,
    places: new Map([...new Set(tenants)].map((tenant, place) => [tenant, place])),
    named: file.named === undefined ? null : cacheRuleOf(file.named),
  };
}

function serverOf(store: Extract<CacheFile['store'], { kind: 'postgres' | 'redis' }>): CacheServer {
  const { kind, url } = store;
  const entries = kind === 'postgres' ? store.entries : undefined;
  return { kind, url, ...(entries !== undefined && { entriesMax: entries }) };
}

/** Null where the rule lets the cache do nothing. */
export function cacheRuleOf(rule: CacheRuleFile): CacheRule | null {
  if (!rule.exact && rule.semantic === undefined) return null;
  const { semantic } = rule;
  return {
    isExact: rule.exact,
    semantic:
      semantic === undefined
        ? null
        : { maxErrorRate: semantic.maxErrorRate, exploreRatio: semantic.explore },
    prefer: semantic?.prefer ?? 'cache',
    ttlMs: rule.ttlSeconds * 1000,
    scope: rule.scope,
    tags: rule.tags,
    maxTemperature: rule.maxTemperature,
    entriesMax: rule.entries ?? null,
    coalesces: rule.coalesce,
    isPaced: rule.pacing === 'original',
    storesTimeSensitive: rule.allow.includes('timeSensitive'),
    storesPersonal: rule.allow.includes('personal'),
  };
}
