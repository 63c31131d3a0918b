import { randomUUID } from 'node:crypto';
import { Fault } from '../../kernel/index.ts';
import type {
  CacheEnd,
  CacheEntry,
  CacheLead,
  CacheNews,
  CacheStore,
  NearestAsk,
} from '../../contract/index.ts';
import { decodeRecord } from './cache-record.ts';
import { LeadEnds, endWord } from './lead-ends.ts';
import type { LeadEnding } from './lead-ends.ts';
import { NewsFeed } from './news-feed.ts';
import { endLead, standsLead, takeLead } from './postgres-leads.ts';
import type {
  PostgresClient,
  PostgresOptions,
  PostgresPackage,
  PostgresPool,
  PostgresQuerying,
  Row,
} from './postgres-package.ts';
import {
  cutsOf,
  isIndexable,
  removeOldest,
  sweep,
  vectorText,
  writeNews,
} from './postgres-rows.ts';
import { WRITERS_LOCK, createVectorIndex, readySchema } from './postgres-schema.ts';
import type { PostgresSchema } from './postgres-schema.ts';
import { serverFault } from './server-fault.ts';
import { POLL_MS, TIMEOUT_MS } from './server-options.ts';
import type { CacheServerOptions } from './server-options.ts';

const CONNECTIONS_MAX = 4;
const ROWS_PER_PAGE = 200;
const SWEEP_MS = 600_000;
const IDLE_WITH_LOCK_MS = 30_000;
const CHANNEL = 'bourse_cache';

export interface PostgresCacheOptions extends CacheServerOptions<PostgresPackage> {
  /** Of each scope, in entries. Unset: whoever stores removes what is too much. */
  readonly bounds?: { readonly keptMax: number; readonly loadedMax: number };
}

/** Stored answers in PostgreSQL, shared by many hosts. It connects when it is first asked, and again after every failure. */
export class PostgresCache implements CacheStore {
  readonly apiVersion = 1;
  readonly #options: PostgresCacheOptions;
  readonly #connection: PostgresOptions;
  readonly #host = randomUUID();
  readonly #pool: PostgresPool;
  readonly #ends: LeadEnds;
  #schema: Promise<PostgresSchema> | null = null;
  #feed: NewsFeed | null = null;
  #bell: PostgresClient | null = null;
  /** The last row that was told of; null: nobody has loaded yet. */
  #seen: number | null = null;
  #isClosed = false;
  #sweptAtMs: number;
  readonly #indexed = new Set<number>();

  constructor(options: PostgresCacheOptions) {
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
    this.#ends = new LeadEnds(options.clock);
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
        while (!isSwept) isSwept = await this.#sweep(client, nowMs);
        const { bounds } = this.#options;
        const cuts = bounds === undefined ? [] : await cutsOf(client, bounds.loadedMax);
        const { news, last } = await readAll(client, (after) => [
          `SELECT seq, record FROM bourse_cache
           WHERE seq > $1 AND kind IN ('stored', 'compared') AND expires_at_ms > $2
             AND seq >= coalesce((SELECT cut.seq FROM json_to_recordset($3) AS cut (scope text, seq bigint)
               WHERE decode(cut.scope, 'hex') = bourse_cache.scope), 0)
           ORDER BY seq LIMIT ${ROWS_PER_PAGE}`,
          [after, Math.round(nowMs), JSON.stringify(cuts)],
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

  nearest(ask: NearestAsk): Promise<readonly CacheEntry[] | null> {
    return this.#using(async (client, { hasVectors, canIterate }) => {
      if (!hasVectors || !isIndexable(ask.vector)) return null;
      const { length } = ask.vector;
      // Without it the index gives the nearest of all contexts, and the filter leaves too few of them.
      const iterate = canIterate ? 'SET LOCAL hnsw.iterative_scan = strict_order' : '';
      await client.query(`BEGIN; ${iterate}`);
      const { rows } = await client.query(
        `SELECT record FROM bourse_cache
         WHERE context = decode($2, 'hex') AND vector_dims(vector) = ${length} AND expires_at_ms > $3
         ORDER BY vector::vector(${length}) <=> $1::vector(${length}) LIMIT $4`,
        [vectorText(ask.vector), ask.context, Math.round(ask.nowMs), ask.count],
      );
      await client.query('COMMIT');
      return rows.flatMap((row) => {
        const news = decodeRecord(String(row['record']));
        return news?.kind === 'stored' && news.entry.scope === ask.scope ? [news.entry] : [];
      });
    });
  }

  async lead(digest: string): Promise<CacheLead> {
    const token = randomUUID();
    const ending = this.#ends.begin(digest);
    let isTaken: boolean;
    try {
      isTaken = await this.#using((client) => takeLead(client, digest, token));
    } catch (error) {
      ending.end('over');
      throw error;
    }
    if (!isTaken) return { kind: 'follow', ended: this.#heard(digest, ending) };
    ending.end('over');
    const release = async (end: CacheEnd): Promise<void> => {
      const word = endWord(digest, end);
      await this.#using((client) =>
        endLead(client, { digest, token, channel: CHANNEL, word }),
      ).catch(() => undefined);
    };
    return { kind: 'lead', release };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ends.close();
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

  /** What the leader stored is told before its end is. */
  async #heard(digest: string, ending: LeadEnding): Promise<CacheEnd> {
    const end = await ending.follow(() => this.#using((client) => standsLead(client, digest)));
    await this.#feed?.pull();
    return end;
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
    bell.on('notification', ({ payload = '' }) => {
      if (!this.#ends.hear(payload)) this.#feed?.ring();
    });
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
    await this.#sweep(client, clock.nowMs());
  }

  async #sweep(client: PostgresQuerying, nowMs: number): Promise<boolean> {
    const isSwept = await sweep(client, nowMs);
    const { bounds } = this.#options;
    if (bounds !== undefined) await removeOldest(client, bounds.keptMax);
    return isSwept;
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
