import { fault } from '../../kernel/index.ts';
import type { PostgresQuerying } from './postgres-package.ts';

/** Of the transaction-wide lock that writers take: with it, the order of `seq` is the order of commits. */
export const WRITERS_LOCK = 5_171_301_114;
const VERSION = 2;

/**
 * The table is the log of all hosts: what is stored and compared, and for a day (`NEWS_KEPT_MS`) what
 * was removed, so that a host that was cut off hears of it. `scope` is a SHA-256, because scopes hold
 * what clients sent; `record` is JSON.
 */
const TABLES = `
  CREATE TABLE bourse_cache_schema (version integer NOT NULL);
  CREATE TABLE bourse_cache (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host uuid NOT NULL,
    kind text NOT NULL,
    id text UNIQUE,
    scope bytea,
    tenant text,
    route text,
    model text,
    tags text[],
    expires_at_ms bigint NOT NULL,
    record text NOT NULL
  );
  CREATE INDEX bourse_cache_expires ON bourse_cache (expires_at_ms);
  CREATE INDEX bourse_cache_scope ON bourse_cache (scope) WHERE scope IS NOT NULL;
  CREATE INDEX bourse_cache_compared ON bourse_cache (seq) WHERE kind = 'compared';
  INSERT INTO bourse_cache_schema VALUES (1)`;

/**
 * From version 1 to 2. Who leads is forgotten by a crash, and may be: leads end by themselves. `context` is the
 * SHA-256 of the request without its last user turn.
 */
const UPGRADE = `
  CREATE UNLOGGED TABLE bourse_cache_leads (
    digest bytea PRIMARY KEY,
    token uuid NOT NULL,
    ends_at_ms bigint NOT NULL
  );
  ALTER TABLE bourse_cache ADD COLUMN context bytea;
  CREATE INDEX bourse_cache_context ON bourse_cache (context) WHERE context IS NOT NULL;
  UPDATE bourse_cache_schema SET version = 2`;

export interface PostgresSchema {
  /** Vectors have a column, of pgvector's type. */
  readonly hasVectors: boolean;
  /** The index goes on searching until a filter has left enough (pgvector 0.8). */
  readonly canIterate: boolean;
}

/**
 * Makes the tables where they are missing. Whoever may not create them, or the extension, is served by an
 * administrator who did. Throws `BRS_STORE` where they are of a newer program.
 */
export async function readySchema(client: PostgresQuerying): Promise<PostgresSchema> {
  const [found] = await rowsOf(client, `SELECT to_regclass('bourse_cache_schema') AS name`);
  if (found!['name'] === null || (await versionOf(client)) < VERSION) await makeTables(client);
  const [row] = await rowsOf(
    client,
    `SELECT (SELECT max(version) FROM bourse_cache_schema) AS version, EXISTS (
       SELECT FROM pg_attribute WHERE attrelid = 'bourse_cache'::regclass AND attname = 'vector' AND NOT attisdropped
     ) AS vectors, (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS extension`,
  );
  const version = Number(row!['version']);
  if (version > VERSION) {
    throw fault('BRS_STORE', {
      reason: `the schema of the cache is version ${version} and this program knows up to ${VERSION}: use the newer program that made it`,
    });
  }
  const [major = 0, minor = 0] = String(row!['extension']).split('.').map(Number);
  return { hasVectors: row!['vectors'] === true, canIterate: major > 0 || minor >= 8 };
}

async function versionOf(client: PostgresQuerying): Promise<number> {
  const [row] = await rowsOf(client, 'SELECT max(version) AS version FROM bourse_cache_schema');
  return Number(row!['version']);
}

async function makeTables(client: PostgresQuerying): Promise<void> {
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1)', [WRITERS_LOCK]);
  const [raced] = await rowsOf(client, `SELECT to_regclass('bourse_cache_schema') AS name`);
  if (raced!['name'] === null) {
    await client.query(TABLES);
    if (await hasExtension(client))
      await client.query('ALTER TABLE bourse_cache ADD COLUMN vector vector');
  }
  if ((await versionOf(client)) < VERSION) await client.query(UPGRADE);
  await client.query('COMMIT');
}

async function hasExtension(client: PostgresQuerying): Promise<boolean> {
  const [known] = await rowsOf(client, `SELECT FROM pg_available_extensions WHERE name = 'vector'`);
  if (known !== undefined) {
    await client.query('SAVEPOINT extension');
    try {
      await client.query('CREATE EXTENSION IF NOT EXISTS vector');
    } catch {
      await client.query('ROLLBACK TO SAVEPOINT extension');
    }
  }
  const [type] = await rowsOf(client, `SELECT to_regtype('vector') AS name`);
  return type!['name'] !== null;
}

/** In a transaction. Who does not own the table searches without an index. */
export async function createVectorIndex(client: PostgresQuerying, length: number): Promise<void> {
  const name = `bourse_cache_vector_${length}`;
  const [found] = await rowsOf(client, 'SELECT to_regclass($1) AS name', [name]);
  if (found!['name'] !== null) return;
  await client.query('SAVEPOINT vector_index');
  try {
    await client.query(
      `CREATE INDEX ${name} ON bourse_cache
       USING hnsw ((vector::vector(${length})) vector_cosine_ops) WHERE vector_dims(vector) = ${length}`,
    );
  } catch {
    await client.query('ROLLBACK TO SAVEPOINT vector_index');
  }
}

async function rowsOf(client: PostgresQuerying, text: string, values: readonly unknown[] = []) {
  return (await client.query(text, values)).rows;
}
