import type { CacheConfig, CacheRule } from '../../contract/index.ts';
import type { CacheFile, CacheRuleFile } from '../schema/cache.ts';

const BYTES_PER_MEGABYTE = 1024 * 1024;

export function buildCache(file: CacheFile, near: (path: string) => string): CacheConfig {
  const { store } = file;
  const path = store?.kind === 'file' ? store.path : file.path;
  return {
    path: path === undefined ? null : near(path),
    ...(store === undefined || store.kind === 'file' ? {} : { server: store }),
    entriesMax: file.entries,
    bytesMax: file.megabytes * BYTES_PER_MEGABYTE,
    scopesMax: file.tenants,
    named: file.named === undefined ? null : cacheRuleOf(file.named),
  };
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
    ttlMs: rule.ttlSeconds * 1000,
    scope: rule.scope,
    tags: rule.tags,
    maxTemperature: rule.maxTemperature,
    entriesMax: rule.entries ?? null,
    isPaced: rule.pacing === 'original',
    storesTimeSensitive: rule.allow.includes('timeSensitive'),
    storesPersonal: rule.allow.includes('personal'),
  };
}
