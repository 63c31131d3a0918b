import { randomUUID } from 'node:crypto';
import { Fault } from '../../kernel/index.ts';
import type { CacheNews, CacheStore, NearEntry, NearestAsk } from '../../contract/index.ts';
import { decodeRecord } from './cache-record.ts';
import { NewsFeed } from './news-feed.ts';
import type {
  PostgresClient,
  PostgresOptions,
  PostgresPackage,
  PostgresPool,
  PostgresQuerying,
  Row,
} from './postgres-package.ts';
import { isIndexable, scopeHash, sweep, vectorText, writeNews } from './postgres-rows.ts';
import { WRITERS_LOCK, createVectorIndex, readySchema } from './postgres-schema.ts';
import type { PostgresSchema } from './postgres-schema.ts';
import { serverFault } from './server-fault.ts';
import { POLL_MS, TIMEOUT_MS } from './server-options.ts';
import type { CacheServerOptions } from './server-options.ts';

const CONNECTIONS_MAX = 2;
const ROWS_PER_PAGE = 200;
const SWEEP_MS = 600_000;
const IDLE_WITH_LOCK_MS = 30_000;
const CHANNEL = 'bourse_cache';

/** Stored answers in PostgreSQL, shared by many hosts. It connects when it is first asked, and again after every failure. */
export class PostgresCache implements CacheStore {
  readonly apiVersion = 1;
  readonly #options: CacheServerOptions<PostgresPackage>;
  readonly #connection: PostgresOptions;
  readonly #host = randomUUID();
  readonly #pool: PostgresPool;
  #schema: Promise<PostgresSchema> | null = null;
  #feed: NewsFeed | null = null;
  #bell: PostgresClient | null = null;
  /** The last row that was told of; null: nobody has loaded yet. */
  #seen: number | null = null;
  #isClosed = false;
  #sweptAtMs: number;
  readonly #indexed = new Set<number>();

  constructor(options: CacheServerOptions<PostgresPackage>) {
    this.#options = options;
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#connection = {
      connectionString: options.url,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      keepAlive: true,
      application_name: 'bourse cache',
    };
    this.#sweptAtMs = options.clock.monotonicMs();
    const { Pool } = options.library;
    this.#pool = new Pool({ ...this.#connection, max: CONNECTIONS_MAX });
    // A connection that breaks is replaced when it is needed, and its query rejects: unheard, its event
    // would end the process. The pool hears it only of those that are idle.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  async load(nowMs: number): Promise<readonly CacheNews[]> {
    try {
      return await this.#using(async (client) => {
        let isSwept = false;
        while (!isSwept) isSwept = await sweep(client, nowMs);
        const { news, last } = await readAll(client, (after) => [
          `SELECT seq, record FROM bourse_cache
           WHERE seq > $1 AND kind IN ('stored', 'compared') AND expires_at_ms > $2
           ORDER BY seq LIMIT ${ROWS_PER_PAGE}`,
          [after, Math.round(nowMs)],
        ]);
        this.#seen ??= last;
        return news;
      });
    } catch (error) {
      // All of it is news when the server is back.
      this.#seen ??= 0;
      throw error;
    }
  }

  append(news: readonly CacheNews[]): Promise<void> {
    return this.#using(async (client, { hasVectors }) => {
      // A host that dies with the lock loses it soon.
      await client.query(
        `BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${IDLE_WITH_LOCK_MS}`,
      );
      await client.query('SELECT pg_advisory_xact_lock($1)', [WRITERS_LOCK]);
      if (hasVectors) await this.#index(client, news);
      await writeNews(client, news, { host: this.#host, hasVectors });
      await this.#sweepSometimes(client);
      await client.query(`SELECT pg_notify('${CHANNEL}', '')`);
      await client.query('COMMIT');
    });
  }

  hear(listener: (news: readonly CacheNews[]) => void): void {
    this.#feed = new NewsFeed({
      clock: this.#options.clock,
      pollMs: this.#options.pollMs ?? POLL_MS,
      openBell: () => this.#openBell(),
      read: () => this.#news(),
      listener,
    });
  }

  nearest(scope: string, ask: NearestAsk): Promise<readonly NearEntry[] | null> {
    return this.#using(async (client, { hasVectors, canIterate }) => {
      if (!hasVectors || !isIndexable(ask.vector)) return null;
      const { length } = ask.vector;
      // Without it the index gives the nearest of all scopes, and the filter leaves too few of them.
      const iterate = canIterate ? 'SET LOCAL hnsw.iterative_scan = strict_order' : '';
      await client.query(`BEGIN; ${iterate}`);
      const distance = `vector::vector(${length}) <=> $1::vector(${length})`;
      const { rows } = await client.query(
        `SELECT record, 1 - (${distance}) AS cosine FROM bourse_cache
         WHERE scope = decode($2, 'hex') AND vector_dims(vector) = ${length} AND expires_at_ms > $3
         ORDER BY ${distance} LIMIT $4`,
        [vectorText(ask.vector), scopeHash(scope), Math.round(ask.nowMs), ask.count],
      );
      await client.query('COMMIT');
      return rows.flatMap((row) => {
        const news = decodeRecord(String(row['record']));
        if (news?.kind !== 'stored' || news.entry.scope !== scope) return [];
        return [{ entry: news.entry, cosine: Number(row['cosine']) }];
      });
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#feed?.close();
    const bell = this.#bell;
    this.#bell = null;
    await bell?.end().catch(() => undefined);
    await this.#pool.end();
  }

  /** Runs `work` on one connection; what fails takes the connection with it, and so its transaction. */
  async #using<T>(
    work: (client: PostgresQuerying, schema: PostgresSchema) => Promise<T>,
  ): Promise<T> {
    const { url } = this.#options;
    try {
      const client = await this.#pool.connect();
      let isBroken = true;
      try {
        this.#schema ??= readySchema(client);
        const schema = await this.#schema;
        const done = await work(client, schema);
        isBroken = false;
        return done;
      } finally {
        client.release(isBroken);
      }
    } catch (error) {
      this.#schema = null;
      this.#indexed.clear();
      throw Fault.isInstance(error) ? error : serverFault(url, error);
    }
  }

  async #news(): Promise<readonly CacheNews[]> {
    const seen = this.#seen;
    if (seen === null) return [];
    return this.#using(async (client) => {
      const { news, last } = await readAll(client, (after) => [
        `SELECT seq, record FROM bourse_cache WHERE seq > $1 AND host <> $2
         ORDER BY seq LIMIT ${ROWS_PER_PAGE}`,
        [Math.max(after, seen), this.#host],
      ]);
      this.#seen = Math.max(seen, last);
      return news;
    });
  }

  async #openBell(): Promise<void> {
    if (this.#bell !== null || this.#isClosed) return;
    const { Client } = this.#options.library;
    const bell = new Client(this.#connection);
    const lost = (): void => {
      if (this.#bell === bell) this.#bell = null;
    };
    bell.on('error', lost);
    bell.on('end', lost);
    bell.on('notification', () => this.#feed?.ring());
    this.#bell = bell;
    try {
      await bell.connect();
      await bell.query(`LISTEN ${CHANNEL}`);
      if (this.#isClosed) await bell.end();
    } catch (error) {
      lost();
      await bell.end().catch(() => undefined);
      throw error;
    }
  }

  async #sweepSometimes(client: PostgresQuerying): Promise<void> {
    const { clock } = this.#options;
    if (clock.monotonicMs() - this.#sweptAtMs < SWEEP_MS) return;
    this.#sweptAtMs = clock.monotonicMs();
    await sweep(client, clock.nowMs());
  }

  /** An index serves vectors of one length; each length that comes has its own. */
  async #index(client: PostgresQuerying, news: readonly CacheNews[]): Promise<void> {
    for (const each of news) {
      const vector = each.kind === 'stored' ? each.entry.vector : null;
      if (vector === null || !isIndexable(vector) || this.#indexed.has(vector.length)) continue;
      await createVectorIndex(client, vector.length);
      this.#indexed.add(vector.length);
    }
  }
}

/** Reads page after page; a record that cannot be read is left out. `last` is 0 where there is nothing. */
async function readAll(
  client: PostgresQuerying,
  page: (after: number) => readonly [text: string, values: readonly unknown[]],
): Promise<{ readonly news: readonly CacheNews[]; readonly last: number }> {
  const news: CacheNews[] = [];
  let last = 0;
  let rows: readonly Row[];
  do {
    ({ rows } = await client.query(...page(last)));
    for (const row of rows) {
      last = Number(row['seq']);
      const read = decodeRecord(String(row['record']));
      if (read !== null) news.push(read);
    }
  } while (rows.length === ROWS_PER_PAGE);
  return { news, last };
}
