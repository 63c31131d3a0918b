import { describe, expect, test } from 'vitest';
import type { CacheEntry, CacheNews, CacheStore } from '../../src/contract/index.ts';
import type { InstanceId, ModelId, TenantId } from '../../src/kernel/index.ts';

/** A place where stored answers are kept; `open` again after `close` must find them. */
export interface CachePlace {
  open(): Promise<CacheStore>;
}

export const NOW_MS = 1_000_000;

export function entryNamed(id: string, over: Partial<CacheEntry> = {}): CacheEntry {
  return {
    id,
    tenant: 'acme' as TenantId,
    scope: 'acme',
    route: 'faq',
    key: Uint8Array.from(Buffer.from(`key of ${id} Zoë\u0000😀`)),
    contextBytes: 3,
    question: `question ${id} "ä"\n`,
    vector: Float32Array.from([0.6, -0.8, 0]),
    answer: {
      text: `answer ${id}`,
      finishReason: 'stop',
      model: 'small' as ModelId,
      instance: 'a' as InstanceId,
      promptTokens: 3,
      outputTokens: 4,
      costPicoUsd: 5,
      ttftMs: null,
      totalMs: 6,
      accuracy: 0.5,
    },
    tags: ['faq'],
    storedAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 1000,
    ...over,
  };
}

export const stored = (id: string, over: Partial<CacheEntry> = {}): CacheNews => ({
  kind: 'stored',
  entry: entryNamed(id, over),
});

const idsOf = (news: readonly CacheNews[]): string[] =>
  news.flatMap((each) => (each.kind === 'stored' ? [each.entry.id] : []));

/** What every `CacheStore` does. `place` gives a fresh one to each test. */
export function cacheStoreContract(name: string, place: () => CachePlace): void {
  describe(`cache store contract: ${name}`, () => {
    test('what was appended comes back as it was, in order, after it was closed too', async () => {
      const at = place();
      const store = await at.open();
      const compared: CacheNews = {
        kind: 'compared',
        compared: {
          scope: 'acme',
          rule: 'faq',
          semantic: { maxErrorRate: 0.02, exploreRatio: 0.05 },
          dense: Float64Array.from([1, 0.5]),
          buckets: Int32Array.from([7, 9]),
          isSame: true,
          isExplored: false,
        },
      };
      const news = [stored('a'), compared, stored('b', { vector: null, tenant: null })];
      await store.append(news.slice(0, 1));
      await store.append(news.slice(1));
      expect(await store.load(NOW_MS)).toEqual(news);
      await store.close();
      const again = await at.open();
      expect(await again.load(NOW_MS)).toEqual(news);
      await again.append([stored('c')]);
      expect(idsOf(await again.load(NOW_MS))).toEqual(['a', 'b', 'c']);
      await again.close();
    });

    test('what was removed, judged wrong, forgotten or has expired does not', async () => {
      const store = await place().open();
      await store.append([
        stored('removed'),
        stored('rejected'),
        stored('tagged', { tags: ['old'] }),
        stored('expired', { expiresAtMs: NOW_MS }),
        stored('kept'),
        { kind: 'removed', ids: ['removed', 'never there'] },
        { kind: 'rejected', decision: 'rejected' },
        { kind: 'forgotten', selector: { tag: 'old', tenant: 'acme' } },
        stored('later', { tags: ['old'] }),
      ]);
      expect(idsOf(await store.load(NOW_MS))).toEqual(['kept', 'later']);
      await store.close();
    });

    test('an entry that is stored twice is there once', async () => {
      const store = await place().open();
      await store.append([stored('a'), stored('a', { question: 'the last' })]);
      const [only, ...rest] = await store.load(NOW_MS);
      expect(rest).toEqual([]);
      expect(only).toMatchObject({ entry: { question: 'the last' } });
      await store.close();
    });
  });
}
