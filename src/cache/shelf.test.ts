import { describe, expect, test } from 'vitest';
import { NOW_MS, entryNamed } from '../../test/contract/cache-store.contract.ts';
import type { CacheEntry } from '../contract/index.ts';
import { hashBytes } from './request-key.ts';
import type { RequestKey } from './request-key.ts';
import { Shelf, bytesOf } from './shelf.ts';
import type { Gone } from './shelf.ts';

const LIMITS = { entriesMax: 3, bytesMax: 1_000_000 };

function keyOf({ key, contextBytes, scope }: CacheEntry): RequestKey {
  const bytes = Buffer.from(key);
  const contextHash = hashBytes(bytes, 0, contextBytes, 0);
  const hash = hashBytes(bytes, contextBytes, bytes.length, contextHash);
  return { scope, bytes, contextBytes, contextHash, hash };
}

const costing = (id: string, costPicoUsd: number, text = 'answer'): CacheEntry => {
  const entry = entryNamed(id);
  return { ...entry, answer: { ...entry.answer, text, costPicoUsd } };
};

const idsOf = (gone: readonly Gone[]): string[] => gone.map(({ id }) => id);

const has = (shelf: Shelf, entry: CacheEntry): boolean => shelf.find(keyOf(entry), NOW_MS) !== null;

describe('a shelf', () => {
  test('finds the same request, until it has expired', () => {
    const shelf = new Shelf(LIMITS);
    const entry = entryNamed('a');
    expect(shelf.put(entry, null)).toEqual([]);
    expect(shelf.find(keyOf(entry), NOW_MS)?.entry).toBe(entry);
    expect(shelf.find(keyOf(entry), entry.expiresAtMs)).toBeNull();
    expect(has(shelf, entryNamed('b'))).toBe(false);
  });

  test('tells requests apart whose hashes are the same', () => {
    const shelf = new Shelf(LIMITS);
    const entry = entryNamed('a');
    shelf.put(entry, null);
    const other = { ...keyOf(entryNamed('b')), hash: keyOf(entry).hash };
    expect(shelf.find(other, NOW_MS)).toBeNull();
  });

  test('a newer answer to the same request takes the place of the older', () => {
    const shelf = new Shelf(LIMITS);
    const entry = entryNamed('a');
    shelf.put(entry, null);
    expect(idsOf(shelf.put({ ...entry, id: 'newer' }, null))).toEqual(['a']);
    expect(shelf.size).toBe(1);
  });

  test('now and then, what has expired goes', () => {
    const shelf = new Shelf({ ...LIMITS, entriesMax: 200 });
    const entries = Array.from({ length: 70 }, (_, i) => entryNamed(`e${i}`));
    for (const entry of entries.slice(0, 60)) shelf.put(entry, null);
    const laterMs = entries[0]!.expiresAtMs;
    expect(shelf.sweep(laterMs)).toEqual([]);
    for (const entry of entries.slice(60)) {
      shelf.put({ ...entry, expiresAtMs: laterMs + 1 }, null);
    }
    const gone = shelf.sweep(laterMs);
    expect(idsOf(gone)).toEqual(entries.slice(0, 60).map(({ id }) => id));
    expect(new Set(gone.map(({ cause }) => cause))).toEqual(new Set(['expired']));
    expect(shelf.size).toBe(10);
    expect(shelf.sweep(laterMs + 1)).toEqual([]);
  });

  test('lets go of what saves least', () => {
    const shelf = new Shelf(LIMITS);
    const entries = [5e9, 1e9, 9e9].map((cost, i) => costing(`e${i}`, cost));
    for (const entry of entries) shelf.put(entry, null);
    expect(idsOf(shelf.put(costing('more', 4e9), null))).toEqual(['e1']);
  });

  test('lets go of what takes most room for what it saves, and of what is not used', () => {
    const shelf = new Shelf(LIMITS);
    shelf.put(costing('long', 1e9, 'x'.repeat(50_000)), null);
    shelf.put(costing('shrt', 1e9), null);
    shelf.put(costing('used', 1e9), null);
    shelf.used(shelf.of('used')!);
    expect(idsOf(shelf.put(costing('four', 1e9), null))).toEqual(['long']);
    // Of two that are worth the same, either may go; the one that was used is worth more.
    const [gone] = idsOf(shelf.put(costing('five', 1e9), null));
    expect(['shrt', 'four']).toContain(gone);
    expect(has(shelf, costing('used', 1e9))).toBe(true);
  });

  test('what was dear and is not used any more ages', () => {
    const shelf = new Shelf(LIMITS);
    shelf.put(costing('dear', 3e9), null);
    for (let i = 0; i < 40; i++) shelf.put(costing(`e${i}`, 1e9), null);
    expect(has(shelf, costing('dear', 3e9))).toBe(false);
  });

  test('keeps its bounds of bytes, whatever comes', () => {
    const bytesMax = 3 * bytesOf(costing('e0', 1));
    const shelf = new Shelf({ entriesMax: 1000, bytesMax });
    for (let i = 0; i < 50; i++) shelf.put(costing(`e${i}`, i * 1e7, 'y'.repeat(i * 7)), null);
    expect(shelf.bytes).toBeLessThanOrEqual(bytesMax);
    expect(shelf.size).toBeGreaterThan(0);
    expect(idsOf(shelf.put(costing('huge', 1e12, 'z'.repeat(bytesMax)), null))).toEqual(['huge']);
  });

  test('a route has no more than its own', () => {
    const shelf = new Shelf({ ...LIMITS, entriesMax: 10 });
    const of = (id: string, route: string, cost = 2e9) => ({ ...costing(id, cost), route });
    shelf.put(of('other', 'b', 1e8), 1);
    shelf.put(of('a1', 'a', 1e9), 2);
    shelf.put(of('a2', 'a'), 2);
    expect(idsOf(shelf.put(of('a3', 'a'), 2))).toEqual(['a1']);
    expect(has(shelf, of('other', 'b'))).toBe(true);
  });

  test('finds by meaning within one context only, and not what was removed', () => {
    const shelf = new Shelf(LIMITS);
    const context = (id: string, word: string): CacheEntry => ({
      ...entryNamed(id),
      key: Uint8Array.from(Buffer.from(`${word}|${id}`)),
      contextBytes: word.length + 1,
    });
    shelf.put(context('a', 'one'), null);
    shelf.put(context('b', 'two'), null);
    const asked = keyOf(context('c', 'one'));
    const vector = Float32Array.from([0.6, -0.8, 0]);
    const ids = (): string[] =>
      shelf.nearest(asked, vector, { count: 4, nowMs: NOW_MS }).map(({ held }) => held.entry.id);
    expect(ids()).toEqual(['a']);
    shelf.remove('a');
    expect(ids()).toEqual([]);
  });
});
