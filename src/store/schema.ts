import type { DatabaseSync } from 'node:sqlite';
import { fault } from '../kernel/index.ts';

/**
 * The steps from an empty file to today's schema; `PRAGMA user_version` counts those taken. A step
 * that was released never changes: a new one is appended.
 *
 * `ledger`: what is summed has columns, the rest of an outcome is one JSON array. `seq` is the order of commit.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE ledger (
     seq INTEGER PRIMARY KEY,
     decision TEXT NOT NULL UNIQUE,
     at_ms INTEGER NOT NULL,
     tenant TEXT NOT NULL,
     prompt_tokens INTEGER NOT NULL,
     cached_tokens INTEGER NOT NULL,
     output_tokens INTEGER NOT NULL,
     pico_usd INTEGER NOT NULL,
     microjoules INTEGER NOT NULL,
     detail TEXT NOT NULL
   ) STRICT;
   CREATE TABLE balance (
     id TEXT PRIMARY KEY,
     tokens INTEGER NOT NULL,
     pico_usd INTEGER NOT NULL,
     microjoules INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE lease (
     id TEXT PRIMARY KEY,
     balance TEXT NOT NULL,
     tokens INTEGER NOT NULL,
     pico_usd INTEGER NOT NULL,
     microjoules INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE document (
     name TEXT PRIMARY KEY,
     json TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE verdict (
     decision TEXT NOT NULL,
     source TEXT NOT NULL,
     at_ms INTEGER NOT NULL,
     score REAL NOT NULL,
     note TEXT,
     PRIMARY KEY (decision, source)
   ) STRICT, WITHOUT ROWID;`,
];

/** Brings the file to today's schema, each step in a transaction of its own. */
export function migrate(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  const version = row.user_version;
  if (version > MIGRATIONS.length) {
    throw fault('BRS_STORE', {
      reason: `its schema is version ${version} and this program knows up to ${MIGRATIONS.length}: use the newer program that wrote it`,
    });
  }
  for (let step = version; step < MIGRATIONS.length; step++) {
    database.exec(
      `BEGIN IMMEDIATE; ${MIGRATIONS[step]!} PRAGMA user_version = ${step + 1}; COMMIT;`,
    );
  }
}
