import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NOW_MS, cacheStoreContract, stored } from '../../test/contract/cache-store.contract.ts';
import { CacheFile } from './cache-file.ts';

let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bourse-cache-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const freshPath = (): string => join(folder, `cache-${count++}.bin`);

async function loadOnce(path: string) {
  const file = new CacheFile(path);
  const news = await file.load(NOW_MS);
  await file.close();
  return news;
}

cacheStoreContract('file', () => {
  const path = freshPath();
  return { open: async () => new CacheFile(path) };
});

test('a torn tail is dropped wherever it is torn, and what follows is appended behind the whole', async () => {
  const path = freshPath();
  const whole = new CacheFile(path);
  await whole.append([stored('a')]);
  const before = (await stat(path)).size;
  await whole.append([stored('b')]);
  await whole.close();
  const bytes = await readFile(path);
  for (let cut = before; cut < bytes.length; cut += 7) {
    await writeFile(path, bytes);
    await truncate(path, cut);
    const file = new CacheFile(path);
    expect(await file.load(NOW_MS)).toHaveLength(1);
    await file.append([stored('c')]);
    expect(await file.load(NOW_MS)).toHaveLength(2);
    await file.close();
  }
});

test('a damaged record ends what is read', async () => {
  const path = freshPath();
  const file = new CacheFile(path);
  await file.append([stored('a'), stored('b')]);
  await file.close();
  const bytes = await readFile(path);
  bytes[bytes.length - 5]! ^= 0xff;
  await writeFile(path, bytes);
  expect(await loadOnce(path)).toHaveLength(1);
});

test('a file of something else is refused, and left as it is', async () => {
  const path = freshPath();
  await writeFile(path, 'the diary of a cat, volume one');
  await expect(new CacheFile(path).load(NOW_MS)).rejects.toMatchObject({ code: 'BRS_STORE' });
  await expect(new CacheFile(path).append([stored('a')])).rejects.toThrow('cache.path');
  expect(await readFile(path, 'utf8')).toContain('diary');
});

test('a file most of which no longer counts is written anew', async () => {
  const path = freshPath();
  const file = new CacheFile(path);
  const ids = Array.from({ length: 1_100 }, (_, i) => `e${i}`);
  await file.append(ids.map((id) => stored(id)));
  await file.append([{ kind: 'removed', ids: ids.slice(10) }]);
  const before = (await stat(path)).size;
  expect(await file.load(NOW_MS)).toHaveLength(10);
  expect((await stat(path)).size).toBeLessThan(before / 50);
  await file.append([stored('more')]);
  await file.close();
  expect(await loadOnce(path)).toHaveLength(11);
});

test('what append has resolved for survives kill -9', async () => {
  const path = freshPath();
  const script = fileURLToPath(new URL('./fixtures/append-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let written = 0;
  for await (const chunk of child.stdout) {
    written += String(chunk).length;
    if (written >= 20) break;
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  const news = await loadOnce(path);
  expect(news.length).toBeGreaterThanOrEqual(written);
});
