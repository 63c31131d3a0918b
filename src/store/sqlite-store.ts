import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fault } from '../kernel/index.ts';
import type { Store, StoreBatch, StoredBalance, StoredLease } from '../contract/index.ts';
import { detailOf } from './outcome-row.ts';
import { migrate } from './schema.ts';
import { createSqliteLedger } from './sqlite-ledger.ts';
import { storeFault } from './store-fault.ts';

/** How long a write waits for a stranger who holds the file, in milliseconds; the thread is blocked meanwhile. */
const BUSY_TIMEOUT_MS = 500;

interface AmountRow {
  readonly id: string;
  readonly tokens: bigint;
  readonly pico_usd: bigint;
  readonly microjoules: bigint;
}

/**
 * Opens the store in one SQLite file, or in memory where `path` is null. The calls block the thread
 * they are made on: only the keeper's may. One process owns a file at a time; others may read it.
 */
export async function openSqliteStore({ path }: { readonly path: string | null }): Promise<Store> {
  return storeFault(() => {
    const release = path === null ? () => {} : takeOwnership(path);
    try {
      return storeOf(openDatabase(path), release);
    } catch (error) {
      release();
      throw error;
    }
  });
}

function openDatabase(path: string | null): DatabaseSync {
  const database = new DatabaseSync(path ?? ':memory:', { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Two keepers on one file would each grant the whole of every budget. The lock is an open transaction
 * on a file beside it, so that the operating system lets go of it however the process ends.
 */
function takeOwnership(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true });
  createPrivately(path);
  createPrivately(`${path}-owner`);
  const lock = new DatabaseSync(`${path}-owner`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    const reason = 'another process has it open: stop that one, or name another file as its store';
    throw fault('BRS_STORE', { reason }, { cause: error });
  }
  return () => lock.close();
}

/** Only the owner may read what holds users' names and the credentials of added instances. An existing file is not opened: closing it would drop SQLite's locks on it. */
function createPrivately(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
}

function storeOf(database: DatabaseSync, release: () => void): Store {
  const statements = prepare(database);
  const commit = (batch: StoreBatch): void => {
    database.exec('BEGIN IMMEDIATE');
    try {
      writeBatch(statements, batch);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  let isOpen = true;

  return {
    apiVersion: 1,
    commit: async (batch) => storeFault(() => commit(batch)),
    load: async () =>
      storeFault(() => ({
        balances: (statements.balances.all() as unknown as AmountRow[]).map(balanceOf),
        leases: (statements.leases.all() as unknown as (AmountRow & { balance: string })[]).map(
          (row): StoredLease => ({ ...balanceOf(row), balance: row.balance }),
        ),
        documents: new Map(
          (statements.documents.all() as unknown as { name: string; json: string }[]).map(
            ({ name, json }) => [name, json],
          ),
        ),
      })),
    saveDocument: async (name, json) =>
      storeFault(() => {
        if (json === null) statements.deleteDocument.run(name);
        else statements.saveDocument.run(name, json);
      }),
    addVerdict: async ({ decision, source, atMs, score, note }) =>
      storeFault(() => statements.addVerdict.run(decision, source, atMs, score, note).changes > 0),
    ledger: createSqliteLedger(database),
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      storeFault(() => database.close());
      release();
    },
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: DatabaseSync) {
  const balances = database.prepare('SELECT * FROM balance');
  const leases = database.prepare('SELECT * FROM lease');
  balances.setReadBigInts(true);
  leases.setReadBigInts(true);
  return {
    insert: database.prepare(
      `INSERT INTO ledger (decision, at_ms, tenant, prompt_tokens, cached_tokens,
         output_tokens, pico_usd, microjoules, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (decision) DO NOTHING`,
    ),
    addBalance: database.prepare(
      `INSERT INTO balance VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
         tokens = tokens + excluded.tokens,
         pico_usd = pico_usd + excluded.pico_usd,
         microjoules = microjoules + excluded.microjoules`,
    ),
    closeBalance: database.prepare('DELETE FROM balance WHERE id = ?'),
    openLease: database.prepare('INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, ?)'),
    closeLease: database.prepare('DELETE FROM lease WHERE id = ?'),
    addVerdict: database.prepare('INSERT OR IGNORE INTO verdict VALUES (?, ?, ?, ?, ?)'),
    balances,
    leases,
    documents: database.prepare('SELECT * FROM document'),
    saveDocument: database.prepare('INSERT OR REPLACE INTO document VALUES (?, ?)'),
    deleteDocument: database.prepare('DELETE FROM document WHERE name = ?'),
  };
}

function writeBatch(statements: Statements, batch: StoreBatch): void {
  for (const outcome of batch.outcomes) {
    const { usage } = outcome;
    statements.insert.run(
      outcome.decision,
      outcome.atMs,
      outcome.tenant,
      usage.promptTokens,
      usage.cachedTokens,
      usage.outputTokens,
      outcome.costPicoUsd,
      outcome.energyMicrojoules,
      detailOf(outcome),
    );
  }
  for (const { id, tokens, picoUsd, microjoules } of batch.balanceDeltas) {
    statements.addBalance.run(id, tokens, picoUsd, microjoules);
  }
  for (const { id, balance, tokens, picoUsd, microjoules } of batch.leasesOpened) {
    statements.openLease.run(id, balance, tokens, picoUsd, microjoules);
  }
  for (const id of batch.leasesClosed) statements.closeLease.run(id);
  for (const id of batch.balancesClosed) statements.closeBalance.run(id);
}

function balanceOf(row: AmountRow): StoredBalance {
  return {
    id: row.id,
    tokens: row.tokens,
    picoUsd: row.pico_usd,
    microjoules: row.microjoules,
  };
}
