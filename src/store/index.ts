/**
 * Store: durable state of one machine, in one SQLite file, and stored answers, in a file or on a server
 * that hosts share. What enters: batches of outcomes, budget
 * sums and leases; small named documents. What leaves: the same, after a crash too, and sums over the
 * ledger. It never decides, never loses what `commit` has resolved, and never runs on a request's event loop.
 */
export { CacheFile } from './cache-file.ts';
export { PostgresCache } from './servers/postgres-cache.ts';
export type { PostgresPackage } from './servers/postgres-package.ts';
export { RedisCache } from './servers/redis-cache.ts';
export type { RedisPackage } from './servers/redis-package.ts';
export { openSqliteHostLeases } from './sqlite-host-leases.ts';
export { openSqliteStore } from './sqlite-store.ts';
