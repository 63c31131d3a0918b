import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { EMPTY_BATCH, outcomeNamed } from '../../test/contract/outcome-named.ts';
import { storeContract } from '../../test/contract/store.contract.ts';
import { openSqliteStore } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'bourse-store-'));
let files = 0;
const freshFile = (): string => join(folder, `${files++}.db`);
afterAll(() => rmSync(folder, { recursive: true }));

storeContract('SQLite in a file', () => {
  const path = freshFile();
  return { open: () => openSqliteStore({ path }), isDurable: true };
});
storeContract('SQLite in memory', () => ({
  open: () => openSqliteStore({ path: null }),
  isDurable: false,
}));

describe('SQLite store', () => {
  test('creates the folder, and a file that only its owner reads', async () => {
    const path = join(folder, 'deep', 'er', 'x.db');
    const store = await openSqliteStore({ path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test('refuses the schema of a newer program', async () => {
    const path = freshFile();
    await (await openSqliteStore({ path })).close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: 'BRS_STORE',
      message: expect.stringContaining('version 99'),
    });
    // The refusal has let go of the file.
    const repaired = new DatabaseSync(path);
    repaired.exec('PRAGMA user_version = 2');
    repaired.close();
    await (await openSqliteStore({ path })).close();
  });

  test('refuses a file that is no database, and leaves it as it is', async () => {
    const path = freshFile();
    writeFileSync(path, 'this is a letter, not a database; it is long enough to have a header.');
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'BRS_STORE' });
    expect(statSync(path).size).toBe(69);
  });

  test('refuses a second owner and admits the next one', async () => {
    const path = freshFile();
    const first = await openSqliteStore({ path });
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: 'BRS_STORE',
      message: expect.stringContaining('another process'),
    });
    await first.commit({ ...EMPTY_BATCH, outcomes: [outcomeNamed('d-0-still')] });
    await first.close();
    const next = await openSqliteStore({ path });
    expect(await next.ledger.outcome('d-0-still')).not.toBeNull();
    await next.close();
  });

  test('another process may read while it writes', async () => {
    const path = freshFile();
    const store = await openSqliteStore({ path });
    const reader = new DatabaseSync(path, { readOnly: true });
    const count = reader.prepare('SELECT COUNT(*) AS n FROM ledger');
    reader.exec('BEGIN');
    expect(count.get()).toEqual({ n: 0 });
    await store.commit({ ...EMPTY_BATCH, outcomes: [outcomeNamed('d-0-x')] });
    expect(count.get()).toEqual({ n: 0 });
    reader.exec('COMMIT');
    expect(count.get()).toEqual({ n: 1 });
    reader.close();
    await store.close();
  });

  test('a locked file rejects with BRS_STORE; when it is free the same batch goes in once', async () => {
    const path = freshFile();
    await (await openSqliteStore({ path })).close();
    const store = await openSqliteStore({ path });
    const blocker = new DatabaseSync(path);
    blocker.exec('BEGIN IMMEDIATE');
    const batch = {
      ...EMPTY_BATCH,
      outcomes: [outcomeNamed('d-0-late')],
      balanceDeltas: [{ id: 'b', tokens: 1n, picoUsd: 0n, microjoules: 0n }],
    };
    await expect(store.commit(batch)).rejects.toMatchObject({
      code: 'BRS_STORE',
      message: expect.stringContaining('locked'),
    });
    blocker.exec('ROLLBACK');
    blocker.close();
    await store.commit(batch);
    expect((await store.load()).balances).toMatchObject([{ tokens: 1n }]);
    await store.close();
  });

  test('kill -9: what was reported committed is there exactly once, and no half batch', async () => {
    const path = freshFile();
    const program = new URL('../../test/contract/fixtures/commit-forever.ts', import.meta.url);
    const child = spawn(process.execPath, [program.pathname, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (printed.length > 3_000) child.kill('SIGKILL');
    });
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    const ids = printed.slice(0, printed.lastIndexOf('\n')).split('\n');
    expect(ids.length).toBeGreaterThan(100);

    const store = await openSqliteStore({ path });
    for (const id of ids) expect(await store.ledger.outcome(id)).not.toBeNull();
    const { requests } = await store.ledger.totals({});
    expect(requests).toBeGreaterThanOrEqual(ids.length);
    expect((await store.load()).balances).toMatchObject([{ tokens: BigInt(requests) }]);
    expect(requests % 3).toBe(0);
    await store.close();
  });
});
