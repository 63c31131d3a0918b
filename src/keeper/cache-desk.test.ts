import { expect, test } from 'vitest';
import type { CacheEntry, CacheNews, CacheStore, NearestAsk } from '../contract/index.ts';
import { NOW_MS, entryNamed, stored } from '../../test/contract/cache-store.contract.ts';
import { openSqliteStore } from '../store/index.ts';
import { createKeeperRig } from './fixtures/keeper-rig.ts';

/** Keeps news in memory; `fails` says why it takes none. */
function memoryStore(): CacheStore & { readonly news: CacheNews[]; fails: string | null } {
  const news: CacheNews[] = [];
  return {
    apiVersion: 1,
    news,
    fails: null,
    load: async () => news,
    async append(more) {
      if (this.fails !== null) throw new Error(this.fails);
      news.push(...more);
    },
    close: async () => {},
  };
}

const NEWS: readonly CacheNews[] = [stored('one', { expiresAtMs: NOW_MS * 1e6 })];

test('what one worker stores reaches the others and the file, and whoever starts later', async () => {
  const cacheStore = memoryStore();
  const rig = createKeeperRig({ store: await openSqliteStore({ path: null }), cacheStore });
  await rig.during(rig.keeper.start());
  const heard: [worker: number, news: readonly CacheNews[]][] = [];
  const first = await rig.connect(0);
  const second = await rig.connect(1);
  first.client.onCache((news) => heard.push([0, news]));
  second.client.onCache((news) => heard.push([1, news]));
  await rig.pass(5);
  first.client.tellCache(NEWS);
  await rig.pass(5);
  expect(heard).toEqual([[1, NEWS]]);
  expect(cacheStore.news).toEqual(NEWS);

  const third = await rig.connect(2);
  await rig.pass(5);
  // What came before anybody heard it is not lost.
  third.client.onCache((news) => heard.push([2, news]));
  await rig.pass(5);
  expect(heard.at(-1)).toEqual([2, NEWS]);
  await rig.during(rig.keeper.close());
});

test('what other hosts store reaches all workers, and a server that is away at the start is no hindrance', async () => {
  let tell: (news: readonly CacheNews[]) => void = () => {};
  const cacheStore: CacheStore = {
    ...memoryStore(),
    load: () => Promise.reject(new Error('away')),
    hear: (listener) => {
      tell = listener;
    },
  };
  const rig = createKeeperRig({ store: await openSqliteStore({ path: null }), cacheStore });
  await rig.during(rig.keeper.start());
  const heard: [worker: number, news: readonly CacheNews[]][] = [];
  for (const worker of [0, 1]) {
    const { client } = await rig.connect(worker);
    client.onCache((news) => heard.push([worker, news]));
  }
  await rig.pass(5);
  tell(NEWS);
  await rig.pass(5);
  expect(heard).toEqual([
    [0, NEWS],
    [1, NEWS],
  ]);
  await rig.during(rig.keeper.close());
});

test('a disk that takes nothing costs what is kept, not what is served', async () => {
  const cacheStore = memoryStore();
  const rig = createKeeperRig({ store: await openSqliteStore({ path: null }), cacheStore });
  await rig.during(rig.keeper.start());
  const heard: (readonly CacheNews[])[] = [];
  const first = await rig.connect(0);
  const second = await rig.connect(1);
  second.client.onCache((news) => heard.push(news));
  await rig.pass(5);
  cacheStore.fails = 'ENOSPC';
  first.client.tellCache(NEWS);
  await rig.pass(5);
  expect(heard).toEqual([NEWS]);
  expect(cacheStore.news).toEqual([]);
  cacheStore.fails = null;
  first.client.tellCache(NEWS);
  await rig.pass(5);
  expect(cacheStore.news).toEqual(NEWS);
  await rig.during(rig.keeper.close());
});

test('what memory has no room for is asked of the store, and a store that is slow or cannot tell is left alone', async () => {
  const asked: NearestAsk[] = [];
  let answer: () => Promise<readonly CacheEntry[] | null> = async () => [entryNamed('far')];
  const cacheStore: CacheStore = {
    ...memoryStore(),
    nearest: (ask) => {
      asked.push(ask);
      return answer();
    },
  };
  const rig = createKeeperRig({ store: await openSqliteStore({ path: null }), cacheStore });
  await rig.during(rig.keeper.start());
  const { client } = await rig.connect(0);
  const ask = {
    scope: 'acme',
    context: 'c',
    vector: Float32Array.from([1]),
    count: 4,
    nowMs: NOW_MS,
  };
  const near = (): Promise<readonly CacheEntry[]> => rig.during(client.cachePeers.nearest(ask));
  expect(await near()).toEqual([entryNamed('far')]);
  expect(asked).toEqual([ask]);

  answer = () => new Promise(() => {});
  expect(await near()).toEqual([]);
  expect(await near()).toEqual([]);
  expect(asked).toHaveLength(2);
  await rig.pass(1_000);
  answer = async () => null;
  expect(await near()).toEqual([]);
  await rig.pass(60_000);
  expect(await near()).toEqual([]);
  expect(asked).toHaveLength(3);
  await rig.during(rig.keeper.close());
});
