/**
 * Store: durable state of one machine, in one SQLite file. What enters: batches of outcomes, budget
 * sums and leases; small named documents. What leaves: the same, after a crash too, and sums over the
 * ledger. It never decides, never loses what `commit` has resolved, and never runs on a request's event loop.
 */
export { openSqliteHostLeases } from './sqlite-host-leases.ts';
export { openSqliteStore } from './sqlite-store.ts';
