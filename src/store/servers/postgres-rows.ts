import { createHash } from 'node:crypto';
import type { CacheEntry, CacheNews, CacheSelector } from '../../contract/index.ts';
import { encodeRecord, plain } from './cache-record.ts';
import type { PostgresQuerying } from './postgres-package.ts';

/** A host that was cut off for longer hears of no removals of before. */
const NEWS_KEPT_MS = 86_400_000;
/** Of the comparisons, the last ones are kept. */
const COMPARED_MAX = 20_000;
const VECTOR_LENGTH_MAX = 2_000;
const EXPIRED_PER_BATCH = 1_000;
/** What one statement inserts. */
const BYTES_PER_INSERT = 4 * 1024 * 1024;

/** Milliseconds by the server's clock: what the hosts' clocks say may jump. */
export const SERVER_MS = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`;

/** A row as it is inserted. `expires` null: with the news. */
interface NewRow {
  readonly kind: CacheNews['kind'];
  readonly id: string | null;
  readonly scope: string | null;
  readonly context: string | null;
  readonly tenant: string | null;
  readonly route: string | null;
  readonly model: string | null;
  readonly tags: readonly string[] | null;
  readonly expires: number | null;
  readonly record: string;
  readonly vector: string | null;
}

/** What pgvector takes and indexes. */
export const isIndexable = (vector: Float32Array): boolean =>
  vector.length > 0 && vector.length <= VECTOR_LENGTH_MAX && vector.every(Number.isFinite);

export const vectorText = (vector: Float32Array): string => `[${vector.join(',')}]`;

/** Does in the transaction of `client` what the news says, in order. */
export async function writeNews(
  client: PostgresQuerying,
  news: readonly CacheNews[],
  at: { readonly host: string; readonly hasVectors: boolean },
): Promise<void> {
  let rows: NewRow[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (rows.length > 0) await insert(client, rows, at);
    rows = [];
    bytes = 0;
  };
  for (const each of news) {
    const row = rowOf(each);
    const isRemoval = each.kind !== 'stored' && each.kind !== 'compared';
    if (isRemoval) {
      await flush();
      await remove(client, each);
    }
    if (row.id !== null) rows = rows.filter(({ id }) => id !== row.id);
    rows.push(row);
    bytes += row.record.length;
    if (bytes > BYTES_PER_INSERT) await flush();
  }
  await flush();
}

function rowOf(news: CacheNews): NewRow {
  const { kind } = news;
  const nobody = { id: null, scope: null, context: null, tenant: null };
  const bare = { ...nobody, route: null, model: null, tags: null };
  const record = encodeRecord(news);
  if (news.kind === 'stored') return { kind, ...columnsOf(news.entry), record };
  const expires = kind === 'compared' ? Number.MAX_SAFE_INTEGER : null;
  return { kind, ...bare, expires, record, vector: null };
}

function columnsOf(entry: CacheEntry) {
  const { id, scope, key, contextBytes, tenant, route, answer, tags, expiresAtMs, vector } = entry;
  return {
    id: plain(id),
    scope: createHash('sha256').update(scope, 'utf16le').digest('hex'),
    context: createHash('sha256').update(key.subarray(0, contextBytes)).digest('hex'),
    tenant: tenant === null ? null : plain(tenant),
    route: plain(route),
    model: plain(answer.model),
    tags: tags.map(plain),
    expires: Math.round(expiresAtMs),
    vector: vector !== null && isIndexable(vector) ? vectorText(vector) : null,
  };
}

async function insert(
  client: PostgresQuerying,
  rows: readonly NewRow[],
  { host, hasVectors }: { readonly host: string; readonly hasVectors: boolean },
): Promise<void> {
  const columns = ['kind', 'id', 'tenant', 'route', 'model', 'tags', 'record'];
  const cells = [...columns];
  columns.push('host', 'scope', 'context', 'expires_at_ms');
  cells.push('$2::uuid', `decode(scope, 'hex')`, `decode(context, 'hex')`);
  cells.push(`coalesce(expires, ${SERVER_MS} + ${NEWS_KEPT_MS})`);
  if (hasVectors) {
    columns.push('vector');
    cells.push('vector::vector');
  }
  const updates = columns
    .filter((name) => name !== 'id')
    .map((name) => `${name} = EXCLUDED.${name}`);
  await client.query(
    `INSERT INTO bourse_cache (${columns.join(', ')})
     SELECT ${cells.join(', ')} FROM json_to_recordset($1) AS given (
       kind text, id text, scope text, context text, tenant text, route text, model text, tags text[],
       expires bigint, record text, vector text)
     ON CONFLICT (id) DO UPDATE SET seq = DEFAULT, ${updates.join(', ')}`,
    [JSON.stringify(rows), host],
  );
}

async function remove(client: PostgresQuerying, news: CacheNews): Promise<void> {
  if (news.kind === 'forgotten') return forget(client, news.selector);
  const ids = news.kind === 'removed' ? news.ids : news.kind === 'rejected' ? [news.decision] : [];
  await client.query('DELETE FROM bourse_cache WHERE id = ANY($1)', [ids.map(plain)]);
}

async function forget(client: PostgresQuerying, selector: CacheSelector): Promise<void> {
  const { tenant, tag, route, model } = selector;
  const wanted = [tenant, tag, route, model].map((text) =>
    text === undefined ? null : plain(text),
  );
  await client.query(
    `DELETE FROM bourse_cache WHERE kind = 'stored'
       AND ($1::text IS NULL OR tenant = $1) AND ($2::text IS NULL OR $2 = ANY(tags))
       AND ($3::text IS NULL OR route = $3) AND ($4::text IS NULL OR model = $4)`,
    wanted,
  );
}

/**
 * Deletes one batch of what has expired by the caller's clock and by the server's, so that a host
 * whose clock is ahead removes nothing of the others; and the oldest comparisons. Tells whether that was all.
 */
export async function sweep(client: PostgresQuerying, nowMs: number): Promise<boolean> {
  const { rows } = await client.query(
    `DELETE FROM bourse_cache WHERE seq IN (
       SELECT seq FROM bourse_cache
       WHERE expires_at_ms <= CASE WHEN kind = 'stored' THEN least($1::bigint, ${SERVER_MS}) ELSE ${SERVER_MS} END
       LIMIT ${EXPIRED_PER_BATCH} FOR UPDATE SKIP LOCKED)
     RETURNING seq`,
    [Math.round(nowMs)],
  );
  await client.query(`DELETE FROM bourse_cache_leads WHERE ends_at_ms <= ${SERVER_MS}`);
  await client.query(
    `DELETE FROM bourse_cache WHERE kind = 'compared' AND seq <= (
       SELECT seq FROM bourse_cache WHERE kind = 'compared' ORDER BY seq DESC OFFSET ${COMPARED_MAX} LIMIT 1)`,
  );
  return rows.length < EXPIRED_PER_BATCH;
}

/** Where a scope has more than `max` entries: of which sequence the oldest of the newest `max` is. */
export async function cutsOf(
  client: PostgresQuerying,
  max: number,
): Promise<readonly { readonly scope: string; readonly seq: string }[]> {
  const { rows } = await client.query(
    `SELECT encode(scope, 'hex') AS scope, min(seq)::text AS seq FROM (
       SELECT scope, seq, row_number() OVER (PARTITION BY scope ORDER BY seq DESC) AS place
       FROM bourse_cache WHERE kind = 'stored') AS placed
     WHERE place <= $1 GROUP BY scope HAVING count(*) >= $1`,
    [max],
  );
  return rows.map((row) => ({ scope: String(row['scope']), seq: String(row['seq']) }));
}

/** Deletes of each scope what is beyond its newest `max` entries. */
export async function removeOldest(client: PostgresQuerying, max: number): Promise<void> {
  const cuts = await cutsOf(client, max);
  if (cuts.length === 0) return;
  await client.query(
    `DELETE FROM bourse_cache USING json_to_recordset($1) AS cut (scope text, seq bigint)
     WHERE kind = 'stored' AND bourse_cache.scope = decode(cut.scope, 'hex') AND bourse_cache.seq < cut.seq`,
    [JSON.stringify(cuts)],
  );
}
