import { describe, expect, test } from 'vitest';
import type { CacheEntry, CacheNews, NearestAsk } from '../../src/contract/index.ts';
import { createCacheRig, mandateWith } from './cache-rig.ts';
import type { CacheRig } from './cache-rig.ts';

const asking = (content: string): object => ({ messages: [{ role: 'user', content }] });
const THINGS = ['lamp', 'tent', 'sofa', 'harp', 'rug', 'fork'];
const question = (thing: string): string => `how return a ${thing}`;

/** A server that keeps all, and finds what is near by comparing everything. */
function createServer() {
  const entries = new Map<string, CacheEntry>();
  const asked: NearestAsk[] = [];
  const take = (news: readonly CacheNews[]): void => {
    for (const each of news) {
      if (each.kind === 'stored') entries.set(each.entry.id, each.entry);
      if (each.kind === 'removed') for (const id of each.ids) entries.delete(id);
    }
  };
  const near = (ask: NearestAsk): CacheEntry[] => {
    const cosine = ({ vector }: CacheEntry): number =>
      vector!.reduce((sum, value, i) => sum + value * ask.vector[i]!, 0);
    return [...entries.values()]
      .filter(({ scope, key, contextBytes }) => {
        const context = Buffer.from(key.subarray(0, contextBytes)).toString('hex');
        return scope === ask.scope && context === ask.context;
      })
      .sort((a, b) => cosine(b) - cosine(a))
      .slice(0, ask.count);
  };
  return { entries, asked, take, near };
}

async function filled(keepsMore = true) {
  const server = createServer();
  const rig = createCacheRig({
    config: {
      entriesMax: 3,
      ...(keepsMore && { server: { kind: 'postgres' as const, url: '', entriesMax: 100 } }),
    },
    keeper: {
      cachePeers: {
        isAlone: () => true,
        lead: () => Promise.reject(new Error('alone')),
        nearest: async (ask) => {
          server.asked.push(ask);
          return server.near(ask);
        },
      },
    },
    tell: server.take,
  });
  for (const thing of THINGS) await rig.say(asking(question(thing)), `the ${thing} goes back`);
  return { rig, server };
}

const sizeOf = ({ cache }: CacheRig): number => cache.standing().entries;

describe('a server that keeps more than memory', () => {
  test('is asked for what memory has no room for: the same request, and another wording', async () => {
    const { rig, server } = await filled();
    expect([sizeOf(rig), server.entries.size]).toEqual([3, 6]);
    expect(await rig.find(asking(question('lamp')))).toBe('hit the lamp goes back');
    expect(await rig.find(asking(`${question('tent')} please`))).toBe('near the tent goes back');
    expect([sizeOf(rig), server.entries.size]).toEqual([3, 6]);
  });

  test('is not asked where memory has the request, nor for another tenant', async () => {
    const { rig, server } = await filled();
    server.asked.length = 0;
    expect(await rig.find(asking(question('fork')))).toBe('hit the fork goes back');
    expect(server.asked).toEqual([]);
    expect(await rig.find(asking(question('lamp')), mandateWith(), 'other')).toBe('miss');
    expect(server.asked).toEqual([]);
    expect(await rig.find(asking(question('lamp')), mandateWith({ semantic: null }))).toBe('miss');
    expect(server.asked).toEqual([]);
  });

  test('a newer answer that memory has is not replaced by an older one of the server', async () => {
    const { rig, server } = await filled();
    await rig.say(asking(question('lamp')), 'the lamp stays');
    expect(server.entries.size).toBe(6);
    expect(await rig.find(asking(`${question('lamp')} please`))).toBe('near the lamp stays');
    expect(await rig.find(asking(question('lamp')))).toBe('hit the lamp stays');
  });

  test('what has expired there is not taken', async () => {
    const { rig } = await filled();
    rig.clock.advance(3_600_001);
    expect(await rig.find(asking(question('lamp')))).toBe('miss');
  });

  test('where it keeps no more, what has no room is removed there too, and it is not asked', async () => {
    const { rig, server } = await filled(false);
    expect([sizeOf(rig), server.entries.size]).toEqual([3, 3]);
    expect(await rig.find(asking(question('lamp')))).not.toBe('hit the lamp goes back');
    expect(server.asked).toEqual([]);
  });
});
