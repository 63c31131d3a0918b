import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CacheNews, CacheStore, NearestAsk } from '../src/contract/index.ts';
import type * as AppServe from '../src/app-serve.ts';
import type { RunningApp } from '../src/app-serve.ts';
import type * as Kernel from '../src/kernel/index.ts';
import type * as Store from '../src/store/index.ts';
import { NOW_MS, cacheStoreContract, stored } from '../test/contract/cache-store.contract.ts';
import { startAnsweringServer } from '../test/flow/answering-server.ts';
import type { AnsweringServer } from '../test/flow/answering-server.ts';
import {
  HAS_REDIS,
  PASSWORD,
  POSTGRES_BIN,
  createPglite,
  createPostgres,
  createRedis,
  createSilent,
} from './cache-servers.ts';
import type { CacheServer } from './cache-servers.ts';

const CHECKOUT = join(import.meta.dirname, '..');
const installed = process.env['BOURSE_BIN'];
const release = installed === undefined ? null : join(dirname(installed), '..', 'dist');
const load = <T>(path: string): Promise<T> =>
  import(
    pathToFileURL(
      release === null ? join(CHECKOUT, 'src', `${path}.ts`) : join(release, `${path}.js`),
    ).href
  ) as Promise<T>;
const { createSystemClock } = await load<typeof Kernel>('kernel/index');
const { PostgresCache, RedisCache } = await load<typeof Store>('store/index');
const { startServe } = await load<typeof AppServe>('app-serve');

const clock = createSystemClock();
const opened: CacheStore[] = [];

interface Times {
  readonly pollMs?: number;
  readonly timeoutMs?: number;
}

/**
 * PGlite has one session behind all its connections, and takes their messages as they come: parameters
 * that one binds are executed by another. So that each has it to itself while it holds a connection.
 */
let pgliteTurn: Promise<unknown> = Promise.resolve();
class PglitePool extends pg.Pool {
  override async connect(): Promise<pg.PoolClient> {
    const before = pgliteTurn;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    pgliteTurn = promise;
    await before;
    try {
      const client = await super.connect();
      const release = client.release.bind(client);
      client.release = (isBroken) => {
        release(isBroken);
        resolve(undefined);
      };
      return client;
    } catch (error) {
      resolve(undefined);
      throw error;
    }
  }
}

type Bounds = NonNullable<ConstructorParameters<typeof Store.PostgresCache>[0]['bounds']>;

const openPglite = (url: string, times: Times = {}, bounds?: Bounds): Store.PostgresCache =>
  openPostgres(
    url,
    { ...times, ...(bounds !== undefined && { bounds }) },
    { Pool: PglitePool, Client: pg.Client },
  );

const openPostgres = (
  url: string,
  more: Times & { readonly bounds?: Bounds } = {},
  from: object = pg,
): Store.PostgresCache => {
  const library = from as Store.PostgresPackage;
  const store = new PostgresCache({ url, clock, library, timeoutMs: 5_000, ...more });
  opened.push(store);
  return store;
};
const openRedis = (url: string, times: Times = {}): Store.RedisCache => {
  const library = { Redis } as unknown as Store.RedisPackage;
  const store = new RedisCache({ url, clock, library, timeoutMs: 5_000, ...times });
  opened.push(store);
  return store;
};

interface Kind {
  readonly name: string;
  readonly isHere: boolean;
  /** As `cache.store.kind` names it. */
  readonly kind: 'postgres' | 'redis';
  /** Asks for a password, and keeps its connections apart. */
  readonly isReal: boolean;
  readonly create: () => Promise<CacheServer>;
  readonly open: (url: string, times?: Times) => CacheStore;
  readonly empty: (url: string) => Promise<void>;
  /** Lets all leads run out, as if their time had passed; gives how long the longest had left. */
  readonly expireLeads: (url: string) => Promise<number>;
}

async function emptyPostgres(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query('DROP TABLE IF EXISTS bourse_cache, bourse_cache_leads, bourse_cache_schema');
  await client.end();
}

async function expirePostgres(url: string): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query(
    `SELECT max(ends_at_ms) - (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS left FROM bourse_cache_leads`,
  );
  await client.query('UPDATE bourse_cache_leads SET ends_at_ms = 0');
  await client.end();
  return Number((rows[0] as { left: string }).left);
}

async function expireRedis(url: string): Promise<number> {
  const client = new Redis(url);
  let longest = 0;
  for (const lease of await client.keys('*lease*')) {
    longest = Math.max(longest, await client.pttl(lease));
    await client.del(lease);
  }
  client.disconnect();
  return longest;
}

async function emptyRedis(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}

const KINDS: readonly Kind[] = [
  {
    name: 'PGlite with pgvector',
    kind: 'postgres',
    isHere: true,
    isReal: false,
    create: createPglite,
    open: openPglite,
    empty: emptyPostgres,
    expireLeads: expirePostgres,
  },
  {
    name: 'PostgreSQL',
    kind: 'postgres',
    isHere: POSTGRES_BIN !== null,
    isReal: true,
    create: createPostgres,
    open: openPostgres,
    empty: emptyPostgres,
    expireLeads: expirePostgres,
  },
  {
    name: 'Redis',
    kind: 'redis',
    isHere: HAS_REDIS,
    isReal: true,
    create: createRedis,
    open: openRedis,
    empty: emptyRedis,
    expireLeads: expireRedis,
  },
];

const DIGEST = 'ab'.repeat(32);

/** Of a key that begins so. */
const contextOf = (start: string): string => createHash('sha256').update(start).digest('hex');

const LATER = { storedAtMs: Date.now(), expiresAtMs: Date.now() + 3_600_000 };

const eventually = (check: () => unknown): Promise<unknown> =>
  vi.waitFor(check, { timeout: 15_000, interval: 50 });

const idsOf = (news: readonly CacheNews[]): string[] =>
  news.map((each) => (each.kind === 'stored' ? each.entry.id : each.kind));

for (const { name, kind, isHere, isReal, create, open, empty, expireLeads } of KINDS) {
  describe.skipIf(!isHere)(`${name} (${isHere ? 'present' : 'skipped: absent'})`, () => {
    let server: CacheServer;

    beforeAll(async () => {
      server = await create();
      await server.start();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });
    afterAll(() => server.remove());

    cacheStoreContract(name, () => {
      let isFresh = true;
      return {
        open: async () => {
          if (isFresh) await empty(server.url);
          isFresh = false;
          return open(server.url);
        },
      };
    });

    test('two hosts hear of what the other stores and removes, at once', async () => {
      await empty(server.url);
      const heard: CacheNews[][] = [[], []];
      const hosts = heard.map((news) => {
        const store = open(server.url, kind === 'redis' ? { pollMs: 600_000 } : { pollMs: 200 });
        store.hear!((more) => news.push(...more));
        return store;
      });
      for (const host of hosts) expect(await host.load(Date.now())).toEqual([]);
      const news = [stored('a', LATER), stored('b', LATER)];
      await hosts[0].append(news);
      await eventually(() => expect(heard[1]).toEqual(news));
      await hosts[1].append([{ kind: 'removed', ids: ['a'] }, stored('c', LATER)]);
      await hosts[1].append([{ kind: 'forgotten', selector: { tag: 'faq', tenant: 'other' } }]);
      await eventually(() => expect(idsOf(heard[0])).toEqual(['removed', 'c', 'forgotten']));
      expect(idsOf(heard[1])).toEqual(['a', 'b']);
      expect(idsOf(await hosts[0].load(Date.now()))).toEqual(['b', 'c']);
    });

    test('many entries, odd ones too, come back page by page and in order', async () => {
      await empty(server.url);
      const store = open(server.url);
      const odd = 'NUL \u0000, half \ud800, "quoted" \\ {a,b} NULL 😀';
      const news = Array.from({ length: 450 }, (_, i) =>
        stored(`e${i}`, { ...LATER, question: odd, scope: odd, route: odd, tags: [odd, ''] }),
      );
      await store.append(news);
      expect(await store.load(Date.now())).toEqual(news);
      await store.append([{ kind: 'forgotten', selector: { tag: odd, route: odd } }]);
      expect(await store.load(Date.now())).toEqual([]);
    });

    test('a server that goes away and comes back loses nothing that was appended', async () => {
      await empty(server.url);
      const [near, far] = [open(server.url), open(server.url, { pollMs: 200 })];
      const heard: CacheNews[] = [];
      far.hear!((news) => heard.push(...news));
      await far.load(Date.now());
      await near.append([stored('before', LATER)]);
      await eventually(() => expect(idsOf(heard)).toEqual(['before']));
      await server.stop();
      await expect(near.append([stored('lost', LATER)])).rejects.toMatchObject({
        code: 'BRS_STORE',
        message: expect.stringContaining('127.0.0.1') as string,
      });
      await expect(near.load(Date.now())).rejects.toMatchObject({ code: 'BRS_STORE' });
      await server.start();
      await expect
        .poll(
          () =>
            near.append([stored('after', LATER)]).then(
              () => 'done',
              () => 'away',
            ),
          {
            timeout: 15_000,
          },
        )
        .toBe('done');
      expect(idsOf(await near.load(Date.now()))).toEqual(['before', 'after']);
      await eventually(() => expect(idsOf(heard)).toEqual(['before', 'after']));
    });

    test('a host that starts before the server hears of all when it comes', async () => {
      await empty(server.url);
      const early = open(server.url);
      await early.append([stored('a', LATER)]);
      await server.stop();
      const store = open(server.url, { pollMs: 200 });
      const heard: CacheNews[] = [];
      store.hear!((news) => heard.push(...news));
      await expect(store.load(Date.now())).rejects.toMatchObject({ code: 'BRS_STORE' });
      await server.start();
      await eventually(() => expect(idsOf(heard)).toEqual(['a']));
    });

    test('a server that says nothing is given up, and no error tells the password', async () => {
      const silent = await createSilent();
      const url = new URL(server.url);
      url.port = String(silent.port);
      const store = open(url.href, { timeoutMs: 300 });
      const errors = await Promise.all([
        store.load(NOW_MS).catch((error: unknown) => error),
        store.append([stored('a')]).catch((error: unknown) => error),
      ]);
      for (const error of errors) expectClean(error);
      silent.close();
    });

    test('of many hosts one leads; the others go on when its answer is there', async () => {
      await empty(server.url);
      const times = kind === 'redis' ? { pollMs: 600_000 } : { pollMs: 200 };
      const hosts = Array.from({ length: isReal ? 5 : 3 }, () => open(server.url, times));
      const heard: CacheNews[][] = hosts.map(() => []);
      for (const [i, host] of hosts.entries()) {
        const mine = heard[i];
        host.hear!((news) => mine.push(...news));
        await host.load(Date.now());
      }
      const leads = await Promise.all(hosts.map((host) => host.lead!(DIGEST)));
      expect(leads.filter((each) => each.kind === 'lead')).toHaveLength(1);
      expect((await hosts[0].lead!('0'.repeat(64))).kind).toBe('lead');
      const leader = leads.findIndex((each) => each.kind === 'lead');
      await hosts[leader].append([stored('a', LATER)]);
      const [lead] = leads.splice(leader, 1);
      heard.splice(leader, 1);
      if (lead?.kind === 'lead') await lead.release('over');
      for (const [i, each] of leads.entries()) {
        if (each.kind === 'follow') expect(await each.ended).toBe('over');
        expect(idsOf(heard[i])).toEqual(['a']);
      }
    });

    test('that an answer is for nobody else is told', async () => {
      await empty(server.url);
      const [near, far] = [open(server.url), open(server.url)];
      far.hear!(() => {});
      await far.load(Date.now());
      const lead = await near.lead!(DIGEST);
      const waiting = await far.lead!(DIGEST);
      if (lead.kind === 'lead') await lead.release('private');
      // Where the end is not heard, it is seen that the lead is over.
      if (waiting.kind === 'follow') expect(['private', 'over']).toContain(await waiting.ended);
      if (waiting.kind === 'follow' && isReal) expect(await waiting.ended).toBe('private');
      expect(waiting.kind).toBe('follow');
    });

    test('a host that dies loses its lead by the server`s clock, and cannot end its successor`s', async () => {
      await empty(server.url);
      const [dead, next] = [open(server.url), open(server.url)];
      const lost = await dead.lead!(DIGEST);
      const waiting = await next.lead!(DIGEST);
      expect(waiting.kind).toBe('follow');
      expect(await expireLeads(server.url)).toBeGreaterThan(20_000);
      if (waiting.kind === 'follow') expect(await waiting.ended).toBe('over');
      const later = await next.lead!(DIGEST);
      expect(later.kind).toBe('lead');
      if (lost.kind === 'lead') await lost.release('over');
      expect((await dead.lead!(DIGEST)).kind).toBe('follow');
      if (later.kind === 'lead') await later.release('over');
      expect((await dead.lead!(DIGEST)).kind).toBe('lead');
    });

    test('with the server away nobody is told that it leads', async () => {
      const silent = await createSilent();
      const url = new URL(server.url);
      url.port = String(silent.port);
      const store = open(url.href, { timeoutMs: 300 });
      await expect(store.lead!(DIGEST)).rejects.toMatchObject({ code: 'BRS_STORE' });
      silent.close();
    });

    test.skipIf(!isReal)('a wrong password is said, and not told', async () => {
      const url = new URL(server.url);
      url.password = encodeURIComponent('wröng/secret');
      const store = open(url.href);
      const error: unknown = await store.load(NOW_MS).catch((thrown: unknown) => thrown);
      expectClean(error);
      expect((error as Error).message.toLowerCase()).toContain('password');
    });

    test.skipIf(!isReal)(
      'of the same request at two exchanges one goes to a model; with the server away both do',
      async () => {
        await empty(server.url);
        let open = (): void => {};
        let gate = Promise.resolve();
        const asked: string[] = [];
        const model = await startAnsweringServer(async ({ messages }) => {
          const content = messages?.at(-1)?.content ?? '';
          if (!content.endsWith('?')) return null;
          asked.push(content);
          await gate;
          return `to ${content}`;
        });
        const hold = (): void => {
          gate = new Promise((resolve) => (open = resolve));
        };
        const policy = policyOf(model, { kind, url: '${CACHE_URL}' }).replace(
          'cache: {}',
          'cache: { coalesce: hosts }',
        );
        const env = { CACHE_URL: server.url };
        const apps: RunningApp[] = [];
        for (let host = 0; host < 2; host++) {
          apps.push(await startServe({ configText: policy, env, overrides: {} }));
        }
        try {
          // Both have met the server by then.
          await Promise.all(apps.map((app, i) => ask(app, `warm ${i}?`)));
          // A host whose server is slow for a moment goes on alone for a while.
          let times = 0;
          for (let i = 0; i < 8 && times !== 1; i++) {
            const question = `question ${i}?`;
            hold();
            const answers = [0, 1, 0, 1, 1].map((host) => ask(apps[host], question));
            await eventually(() => expect(asked).toContain(question));
            await new Promise((resolve) => setTimeout(resolve, 200));
            open();
            const got = await Promise.all(answers);
            times = asked.filter((each) => each === question).length;
            expect(got.filter(({ status }) => status === 'miss')).toHaveLength(times);
            expect(new Set(got.map(({ text }) => text)).size).toBe(1);
          }
          expect(times).toBe(1);
          await server.stop();
          hold();
          const alone = [0, 1].map((host) => ask(apps[host], 'alone?'));
          await eventually(() => expect(asked.filter((each) => each === 'alone?')).toHaveLength(2));
          open();
          expect((await Promise.all(alone)).map(({ status }) => status)).toEqual(['miss', 'miss']);
        } finally {
          for (const app of apps) await app.close();
          await model.close();
          await server.start();
        }
      },
    );

    test.skipIf(!isReal)(
      'two exchanges share answers, and go on alone when the server is gone',
      async () => {
        await empty(server.url);
        const model = await startAnsweringServer(
          ({ messages }) => `to ${messages.at(-1)!.content}`,
        );
        const policy = policyOf(model, { kind, url: '${CACHE_URL}' });
        const env = { CACHE_URL: server.url };
        const apps: RunningApp[] = [];
        for (let host = 0; host < 2; host++) {
          apps.push(await startServe({ configText: policy, env, overrides: {} }));
        }
        try {
          const questions = Array.from({ length: 80 }, (_, i) => `question ${i}`);
          for (const question of questions) {
            expect(await ask(apps[0], question)).toEqual({
              text: `to ${question}`,
              status: 'miss',
            });
          }
          // Nothing is asked twice of the second one: a hit is of what the first one stored.
          await vi.waitFor(
            async () => expect((await ask(apps[1], questions.pop()!)).status).toBe('hit'),
            { timeout: 15_000, interval: 200 },
          );
          await server.stop();
          const alone = await ask(apps[0], 'two');
          expect(alone.status).toBe('miss');
          await expect
            .poll(() => ask(apps[0], 'two'), { timeout: 15_000 })
            .toEqual({ text: alone.text, status: 'hit' });
        } finally {
          for (const app of apps) await app.close();
          await model.close();
          await server.start();
        }
      },
    );
  });
}

/** Nothing that can be printed of the error holds the password. */
function expectClean(error: unknown): void {
  expect(error).toMatchObject({ code: 'BRS_STORE' });
  const { message, stack, cause } = error as Error;
  const said = `${message}\n${stack}\n${JSON.stringify(error)}`;
  expect(cause).toBeUndefined();
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), 'wröng', 'wr%C3%B6ng']) {
    expect(said).not.toContain(secret);
  }
}

const policyOf = (model: AnsweringServer, store: object): string => `version: 1
server: { port: 0, admin: { port: 0 } }
log: { level: silent }
understanding: { deep: off }
cache: { store: ${JSON.stringify(store)} }
models: [{ id: small, price: { inputPerMTok: 1, outputPerMTok: 1 } }]
instances: [{ id: a, model: small, engine: vllm, url: "${model.url}" }]
routes: [{ name: faq, cache: {}, use: { mode: economy } }]
`;

async function ask(app: RunningApp, content: string) {
  const response = await fetch(`${app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }] }),
  });
  const body = (await response.json()) as { choices: [{ message: { content: string } }] };
  return { text: body.choices[0].message.content, status: response.headers.get('x-bourse-cache') };
}

describe('pgvector', () => {
  let server: CacheServer;
  let store: Store.PostgresCache;

  beforeAll(async () => {
    server = await createPglite();
    await server.start();
    store = openPglite(server.url);
  });
  afterAll(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await server.remove();
  });

  const at = (degrees: number): Float32Array => {
    const radians = (degrees * Math.PI) / 180;
    return Float32Array.from([Math.cos(radians), Math.sin(radians), 0]);
  };
  const idsNear = async (over: Partial<NearestAsk>): Promise<string[] | undefined> =>
    (
      await store.nearest({
        scope: 'acme',
        context: contextOf('key'),
        vector: at(0),
        count: 3,
        nowMs: Date.now(),
        ...over,
      })
    )?.map(({ id }) => id);

  test('gives the nearest of a context, nearest first, whatever is nearer in others', async () => {
    const elsewhere = { key: Uint8Array.from(Buffer.from('other')), contextBytes: 3 };
    await store.append([
      ...Array.from({ length: 60 }, (_, i) =>
        stored(`other${i}`, { ...LATER, ...elsewhere, vector: at(i / 10) }),
      ),
      ...[5, 90, 40, 20].map((angle) => stored(`at${angle}`, { ...LATER, vector: at(angle) })),
      stored('short', { ...LATER, vector: Float32Array.from([1, 0]) }),
      stored('none', { ...LATER, vector: null }),
      stored('not a number', { ...LATER, vector: Float32Array.from([Number.NaN, 0, 0]) }),
      stored('over', { vector: at(0) }),
    ]);
    expect(await idsNear({})).toEqual(['at5', 'at20', 'at40']);
    expect(await idsNear({ context: contextOf('oth'), count: 2 })).toEqual(['other0', 'other1']);
    expect(await idsNear({ context: contextOf('nobody') })).toEqual([]);
    expect(await idsNear({ scope: 'another tenant' })).toEqual([]);
  });

  test('keeps more than hosts load: of each tenant the newest', async () => {
    const bounds = { keptMax: 6, loadedMax: 4 };
    const ids = (tenant: string, count: number): CacheNews[] =>
      Array.from({ length: count }, (_, i) => stored(`${tenant}${i}`, { ...LATER, scope: tenant }));
    await emptyPostgres(server.url);
    const small = openPglite(server.url, {}, bounds);
    await small.append([...ids('a', 10), ...ids('b', 3)]);
    expect(idsOf(await small.load(Date.now()))).toEqual(['a6', 'a7', 'a8', 'a9', 'b0', 'b1', 'b2']);
    const all = openPglite(server.url);
    expect(idsOf(await all.load(Date.now()))).toEqual([
      'a4',
      'a5',
      'a6',
      'a7',
      'a8',
      'a9',
      'b0',
      'b1',
      'b2',
    ]);
  });

  test('tables of version 1 are brought up to date, with what is in them', async () => {
    await emptyPostgres(server.url);
    const old = openPglite(server.url);
    await old.append([stored('a', LATER)]);
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query('DROP TABLE bourse_cache_leads');
    await client.query('ALTER TABLE bourse_cache DROP COLUMN context');
    await client.query('UPDATE bourse_cache_schema SET version = 1');
    await client.end();
    store = openPglite(server.url);
    expect(idsOf(await store.load(Date.now()))).toEqual(['a']);
    await store.append([stored('b', LATER)]);
    expect(await idsNear({ vector: Float32Array.from([0.6, -0.8, 0]) })).toEqual(['b']);
    expect((await store.lead(DIGEST)).kind).toBe('lead');
  });

  test('a schema of a newer program is refused', async () => {
    await store.load(NOW_MS);
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query('UPDATE bourse_cache_schema SET version = 99');
    await client.end();
    await expect(openPglite(server.url).load(NOW_MS)).rejects.toMatchObject({
      code: 'BRS_STORE',
      message: expect.stringContaining('version 99') as string,
    });
  });
});

describe.skipIf(POSTGRES_BIN === null)('PostgreSQL without pgvector', () => {
  test('says that it cannot tell what is near', async () => {
    const server = await createPostgres();
    await server.start();
    const store = openPostgres(server.url);
    await store.append([stored('a', LATER)]);
    const client = new pg.Client(server.url);
    await client.connect();
    const { rows } = await client.query(`SELECT to_regtype('vector') AS name`);
    await client.end();
    const near = await store.nearest({
      scope: 'acme',
      context: contextOf('key'),
      vector: Float32Array.from([0.6, -0.8, 0]),
      count: 1,
      nowMs: Date.now(),
    });
    if ((rows[0] as { name: string | null }).name === null) expect(near).toBeNull();
    else expect(near).toHaveLength(1);
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await server.remove();
  });
});

describe.skipIf(!HAS_REDIS)('Redis without its data', () => {
  let server: CacheServer;

  beforeAll(async () => {
    server = await createRedis();
    await server.start();
  });
  afterAll(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await server.remove();
  });

  test('tells hosts of what is stored from then on', async () => {
    const [near, far] = [openRedis(server.url), openRedis(server.url, { pollMs: 100 })];
    const heard: CacheNews[] = [];
    far.hear((news) => heard.push(...news));
    await far.load(Date.now());
    await near.append([stored('a', LATER)]);
    await eventually(() => expect(idsOf(heard)).toEqual(['a']));
    await emptyRedis(server.url);
    await near.append([stored('b', LATER)]);
    await eventually(() => expect(idsOf(heard)).toEqual(['a', 'b']));
  });
});
