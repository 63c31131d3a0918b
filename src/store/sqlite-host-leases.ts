import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../kernel/index.ts';
import type { HostAsk, HostLeases, HostReport, SharedAmounts } from '../contract/index.ts';
import { storeFault } from './store-fault.ts';

export interface HostLeasesOptions {
  /** A file of its own, which every host opens. */
  readonly path: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** How long a lease lasts without a sign of its host. */
  readonly leaseMs: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS shared_balance (
    id TEXT PRIMARY KEY,
    tokens INTEGER NOT NULL, pico_usd INTEGER NOT NULL, microjoules INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS host_lease (
    host TEXT NOT NULL,
    balance TEXT NOT NULL,
    tokens INTEGER NOT NULL, pico_usd INTEGER NOT NULL, microjoules INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (host, balance)
  ) STRICT, WITHOUT ROWID;`;

/** How long a host waits for the others; its thread is blocked meanwhile. */
const BUSY_TIMEOUT_MS = 5_000;
/** Beyond what it needs, a host gets at most this share of what is left. */
const SLICE_SHARE = 4n;

interface Row {
  readonly tokens: bigint;
  readonly pico_usd: bigint;
  readonly microjoules: bigint;
}

/** Host leases in one SQLite file, for processes of one machine. */
export async function openSqliteHostLeases(options: HostLeasesOptions): Promise<HostLeases> {
  return storeFault(() => {
    const database = new DatabaseSync(options.path, { timeout: BUSY_TIMEOUT_MS });
    try {
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${SCHEMA}`);
      return new SqliteHostLeases(database, options);
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

class SqliteHostLeases implements HostLeases {
  readonly #database: DatabaseSync;
  readonly #options: HostLeasesOptions;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: DatabaseSync, options: HostLeasesOptions) {
    this.#database = database;
    this.#options = options;
    this.#statements = prepare(database);
  }

  async grant(host: string, { balance, need, want, most }: HostAsk): Promise<SharedAmounts | null> {
    return this.#step((untilMs) => {
      const { settled, held } = this.#sums(balance);
      const granted = { tokens: 0n, picoUsd: 0n, microjoules: 0n };
      for (const quantity of QUANTITIES) {
        const limit = most[quantity];
        const given = slice(
          { need: need[quantity], want: want[quantity] },
          limit === null ? null : limit - settled[quantity] - held[quantity],
        );
        if (given === null) return null;
        granted[quantity] = given;
      }
      this.#add(host, balance, { amounts: granted, untilMs });
      return granted;
    });
  }

  async report(host: string, reports: readonly HostReport[]): Promise<void> {
    this.#step(() => {
      for (const { balance, spent, returned } of reports) {
        const lease = this.#statements.lease.get(host, balance) as unknown as Row | undefined;
        // It was silent too long: all of the lease is settled already.
        if (lease === undefined) continue;
        const held = amountsOf(lease);
        const used = each((quantity) => smaller(spent[quantity], held[quantity]));
        const left = each((quantity) => {
          const rest = held[quantity] - used[quantity] - returned[quantity];
          return rest > 0n ? rest : 0n;
        });
        this.#settle(balance, used);
        this.#statements.setLease.run(...cells(left), host, balance);
      }
      this.#statements.dropEmpty.run();
    });
  }

  async renew(host: string): Promise<readonly string[]> {
    return this.#step((untilMs) => {
      this.#statements.renew.run(untilMs, host);
      const rows = this.#statements.ofHost.all(host) as unknown as { balance: string }[];
      return rows.map(({ balance }) => balance);
    });
  }

  async shared(balance: string): Promise<{ settled: SharedAmounts; held: SharedAmounts }> {
    return this.#step(() => this.#sums(balance));
  }

  async close(): Promise<void> {
    storeFault(() => this.#database.close());
  }

  /** One transaction that no other host's can come between; leases that have run out are settled first. */
  #step<T>(work: (untilMs: bigint) => T): T {
    return storeFault(() => {
      const nowMs = BigInt(Math.floor(this.#options.clock.nowMs()));
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        this.#settleExpired(nowMs);
        const result = work(nowMs + BigInt(this.#options.leaseMs));
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #settleExpired(nowMs: bigint): void {
    const rows = this.#statements.expired.all(nowMs) as unknown as (Row & { balance: string })[];
    if (rows.length === 0) return;
    for (const row of rows) this.#settle(row.balance, amountsOf(row));
    this.#statements.dropExpired.run(nowMs);
  }

  #sums(balance: string): { settled: SharedAmounts; held: SharedAmounts } {
    const settled = this.#statements.balance.get(balance) as unknown as Row | undefined;
    const held = this.#statements.held.all(balance) as unknown as Row[];
    return {
      settled: settled === undefined ? each(() => 0n) : amountsOf(settled),
      held: each((quantity) => held.reduce((sum, row) => sum + amountsOf(row)[quantity], 0n)),
    };
  }

  #settle(balance: string, amounts: SharedAmounts): void {
    this.#statements.settle.run(balance, ...cells(amounts));
  }

  #add(
    host: string,
    balance: string,
    { amounts, untilMs }: { readonly amounts: SharedAmounts; readonly untilMs: bigint },
  ): void {
    this.#statements.addLease.run(host, balance, ...cells(amounts), untilMs);
  }
}

const QUANTITIES = ['tokens', 'picoUsd', 'microjoules'] as const;

const each = (amount: (quantity: keyof SharedAmounts) => bigint): SharedAmounts => ({
  tokens: amount('tokens'),
  picoUsd: amount('picoUsd'),
  microjoules: amount('microjoules'),
});

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** What of one quantity is granted; null where what is left does not cover the need. */
function slice(
  { need, want }: { readonly need: bigint; readonly want: bigint },
  left: bigint | null,
): bigint | null {
  const extra = want > need ? want - need : 0n;
  if (left === null) return need + extra;
  return left < need ? null : need + smaller(extra, (left - need) / SLICE_SHARE);
}

const cells = ({ tokens, picoUsd, microjoules }: SharedAmounts): [bigint, bigint, bigint] => [
  tokens,
  picoUsd,
  microjoules,
];

const amountsOf = (row: Row): SharedAmounts => ({
  tokens: row.tokens,
  picoUsd: row.pico_usd,
  microjoules: row.microjoules,
});

function prepare(database: DatabaseSync) {
  const reading = (sql: string) => {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    return statement;
  };
  const added = (table: string): string =>
    ['tokens', 'pico_usd', 'microjoules']
      .map((column) => `${column} = ${table}.${column} + excluded.${column}`)
      .join(', ');
  return {
    balance: reading('SELECT * FROM shared_balance WHERE id = ?'),
    held: reading('SELECT * FROM host_lease WHERE balance = ?'),
    lease: reading('SELECT * FROM host_lease WHERE host = ? AND balance = ?'),
    ofHost: reading('SELECT balance FROM host_lease WHERE host = ? ORDER BY balance'),
    expired: reading('SELECT * FROM host_lease WHERE until_ms <= ?'),
    dropExpired: database.prepare('DELETE FROM host_lease WHERE until_ms <= ?'),
    dropEmpty: database.prepare(
      'DELETE FROM host_lease WHERE tokens = 0 AND pico_usd = 0 AND microjoules = 0',
    ),
    renew: database.prepare('UPDATE host_lease SET until_ms = ? WHERE host = ?'),
    settle: database.prepare(
      `INSERT INTO shared_balance VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET ${added('shared_balance')}`,
    ),
    addLease: database.prepare(
      `INSERT INTO host_lease VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (host, balance) DO UPDATE SET ${added('host_lease')}, until_ms = excluded.until_ms`,
    ),
    setLease: database.prepare(
      'UPDATE host_lease SET tokens = ?, pico_usd = ?, microjoules = ? WHERE host = ? AND balance = ?',
    ),
  };
}
