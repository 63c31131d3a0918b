import { randomUUID } from 'node:crypto';
import type {
  CacheEnd,
  CacheLead,
  CacheNews,
  CacheSelector,
  CacheStore,
} from '../../contract/index.ts';
import { decodeRecord, encodeRecord, plain } from './cache-record.ts';
import { LEASE_MS, LeadEnds, endWord } from './lead-ends.ts';
import type { LeadEnding } from './lead-ends.ts';
import { NewsFeed } from './news-feed.ts';
import { POLL_MS, TIMEOUT_MS } from './server-options.ts';
import type { CacheServerOptions } from './server-options.ts';
import type { RedisClient, RedisOptions, RedisPackage } from './redis-package.ts';
import { APPEND, COMPARED_PAGE, LOAD_PAGE, NEWS_PAGE, POSITION, RELEASE } from './redis-scripts.ts';
import { serverFault } from './server-fault.ts';

/** The braces keep all keys in one slot of a cluster; the number is the version of their layout. */
const PREFIX = '{bourse-cache-1}:';
const BELL = `${PREFIX}bell`;
/** An entry outlives its time by this, so that hosts whose clocks differ agree that it is their clock that ends it. */
const GRACE_MS = 60_000;
/** A host that was cut off for more news than this hears of no removals of before. */
const NEWS_MAX = 20_000;
const COMPARED_MAX = 20_000;
const PER_PAGE = 200;
const OPERATIONS_PER_SCRIPT = 64;
const RECONNECT_MS_MAX = 2_000;

/** Stored answers in Redis, shared by many hosts. It connects when it is first asked, and again after every failure. */
export class RedisCache implements CacheStore {
  readonly apiVersion = 1;
  readonly #options: CacheServerOptions<RedisPackage>;
  readonly #host = randomUUID();
  readonly #client: RedisClient;
  readonly #ends: LeadEnds;
  #subscriber: RedisClient | null = null;
  #feed: NewsFeed | null = null;
  /** Where the log was read to; null: nobody has loaded yet. */
  #seen: { epoch: string; position: string } | null = null;
  #isClosed = false;
  /** Why the connection was lost: what a command rejects with says only that it was. */
  #lastError: Error | null = null;

  constructor(options: CacheServerOptions<RedisPackage>) {
    this.#options = options;
    this.#ends = new LeadEnds(options.clock);
    this.#client = this.#open();
    this.#client.on('ready', () => {
      this.#lastError = null;
    });
  }

  async load(nowMs: number): Promise<readonly CacheNews[]> {
    try {
      const { seen, news } = await this.#loadAll(nowMs);
      this.#seen ??= seen;
      return news;
    } catch (error) {
      // All of it is news when the server is back.
      this.#seen ??= { epoch: 'unknown', position: '0-0' };
      throw error;
    }
  }

  async append(news: readonly CacheNews[]): Promise<void> {
    for (let at = 0; at < news.length; at += OPERATIONS_PER_SCRIPT) {
      const operations = news.slice(at, at + OPERATIONS_PER_SCRIPT).map(operationOf);
      await this.#run(APPEND, this.#host, NEWS_MAX, COMPARED_MAX, JSON.stringify(operations));
    }
  }

  hear(listener: (news: readonly CacheNews[]) => void): void {
    this.#feed = new NewsFeed({
      clock: this.#options.clock,
      pollMs: this.#options.pollMs ?? POLL_MS,
      openBell: () => this.#subscribe(),
      read: () => this.#news(),
      listener,
    });
  }

  async lead(digest: string): Promise<CacheLead> {
    const lease = `${PREFIX}lease:${digest}`;
    const token = randomUUID();
    const ending = this.#ends.begin(digest);
    let taken: unknown;
    try {
      taken = await this.#call('SET', lease, token, 'NX', 'PX', LEASE_MS);
    } catch (error) {
      ending.end('over');
      throw error;
    }
    if (taken === null) return { kind: 'follow', ended: this.#heard(lease, ending) };
    ending.end('over');
    const release = async (end: CacheEnd): Promise<void> => {
      const word = endWord(digest, end);
      await this.#call('EVAL', RELEASE, 1, lease, token, BELL, word).catch(() => undefined);
    };
    return { kind: 'lead', release };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#ends.close();
    this.#feed?.close();
    this.#subscriber?.disconnect();
    this.#client.disconnect();
  }

  #open(): RedisClient {
    const { url, library, timeoutMs = TIMEOUT_MS } = this.#options;
    const options: RedisOptions = {
      lazyConnect: true,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      maxRetriesPerRequest: 1,
      retryStrategy: (times) => Math.min(times * 100, RECONNECT_MS_MAX),
      connectionName: 'bourse-cache',
    };
    const client = new library.Redis(url, options);
    client.on('error', (error) => {
      this.#lastError = error;
    });
    return client;
  }

  async #call(command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#client.call(command, ...args);
    } catch (error) {
      throw serverFault(this.#options.url, this.#lastError ?? error);
    }
  }

  async #run(script: string, ...args: readonly (string | number)[]): Promise<readonly string[]> {
    return (await this.#call('EVAL', script, 1, PREFIX, ...args)) as readonly string[];
  }

  async #loadAll(nowMs: number) {
    const [epoch = '', position = '0-0'] = await this.#run(POSITION, this.#host);
    const found: [seq: number, news: CacheNews][] = [];
    const take = (seq: string | number, record: string): void => {
      const news = decodeRecord(record);
      if (news === null || (news.kind === 'stored' && news.entry.expiresAtMs <= nowMs)) return;
      found.push([Number(seq), news]);
    };
    let page: readonly string[];
    let last = '0';
    do {
      page = await this.#run(LOAD_PAGE, last, PER_PAGE);
      for (let i = 0; i < page.length; i += 2) take((last = page[i]!), page[i + 1]!);
    } while (page.length === PER_PAGE * 2);
    for (let at = 0; at === 0 || page.length === PER_PAGE; at += PER_PAGE) {
      page = await this.#run(COMPARED_PAGE, at, at + PER_PAGE - 1);
      for (const line of page) {
        const space = line.indexOf(' ');
        take(line.slice(0, space), line.slice(space + 1));
      }
    }
    found.sort(([a], [b]) => a - b);
    return { seen: { epoch, position }, news: found.map(([, news]) => news) };
  }

  async #news(): Promise<readonly CacheNews[]> {
    const { clock } = this.#options;
    if (this.#seen === null) return [];
    let { epoch, position } = this.#seen;
    const news: CacheNews[] = [];
    for (let looked = PER_PAGE; looked === PER_PAGE;) {
      const page = await this.#run(NEWS_PAGE, position, this.#host, PER_PAGE);
      const [epochThen = '', last = position, count, ...records] = page;
      if (epochThen !== epoch) {
        // The server was away at the start, or came back without its data: its log begins anew.
        const all = await this.#loadAll(clock.nowMs());
        this.#seen = all.seen;
        return all.news;
      }
      for (const record of records) {
        const read = decodeRecord(record);
        if (read !== null) news.push(read);
      }
      looked = Number(count);
      position = last;
    }
    this.#seen = { epoch, position };
    return news;
  }

  async #subscribe(): Promise<void> {
    if (this.#subscriber !== null || this.#isClosed) return;
    // It connects and subscribes again by itself.
    const subscriber = this.#open();
    subscriber.on('message', (_channel, message) => {
      if (!this.#ends.hear(message)) this.#feed?.ring();
    });
    subscriber.on('ready', () => this.#feed?.ring());
    this.#subscriber = subscriber;
    try {
      await subscriber.subscribe(BELL);
    } catch (error) {
      subscriber.disconnect();
      this.#subscriber = null;
      throw error;
    }
  }

  /** What the leader stored is told before its end is. */
  async #heard(lease: string, ending: LeadEnding): Promise<CacheEnd> {
    const end = await ending.follow(async () => (await this.#call('EXISTS', lease)) === 1);
    await this.#feed?.pull();
    return end;
  }
}

/** What the script `APPEND` does for a piece of news. */
function operationOf(news: CacheNews) {
  const { kind } = news;
  const record = encodeRecord(news);
  if (news.kind === 'removed') return { kind, record, ids: news.ids.map(plain) };
  if (news.kind === 'rejected') return { kind, record, ids: [plain(news.decision)] };
  if (news.kind === 'forgotten') return { kind, record, sets: setsOf(news.selector) };
  if (news.kind === 'compared') return { kind, record };
  const { id, tenant, route, answer, tags, storedAtMs, expiresAtMs } = news.entry;
  const sets = setsOf({ route, model: answer.model, ...(tenant === null ? {} : { tenant }) });
  for (const tag of tags) sets.push(...setsOf({ tag }));
  const ttlMs = Math.max(0, Math.ceil(expiresAtMs - storedAtMs)) + GRACE_MS;
  return { kind, record, id: plain(id), ttlMs, sets };
}

function setsOf({ tenant, tag, route, model }: CacheSelector): string[] {
  const sets: string[] = [];
  if (tag !== undefined) sets.push(`tag:${plain(tag)}`);
  if (tenant !== undefined) sets.push(`tenant:${plain(tenant)}`);
  if (route !== undefined) sets.push(`route:${plain(route)}`);
  if (model !== undefined) sets.push(`model:${plain(model)}`);
  return sets;
}
