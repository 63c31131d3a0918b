import type { DatabaseSync } from 'node:sqlite';
import type { LedgerReader, LedgerTotals, StoredVerdict } from '../contract/index.ts';
import { outcomeOf } from './outcome-row.ts';
import type { LedgerRow } from './outcome-row.ts';
import { storeFault } from './store-fault.ts';

/**
 * A sum that SQLite's 64 bits cannot overflow: the upper and the lower 32 bits are added apart
 * (`SUM` fails past 2^63, which is 9.2 million USD in pico-USD).
 */
const sum = (column: string): string =>
  `COALESCE(SUM(${column} >> 32), 0) AS ${column}_high, COALESCE(SUM(${column} & 4294967295), 0) AS ${column}_low`;

const TOTALS = `SELECT COUNT(*) AS requests, ${['prompt_tokens', 'cached_tokens', 'output_tokens', 'pico_usd', 'microjoules'].map(sum).join(', ')} FROM ledger`;

const totalsOf = (row: Readonly<Record<string, bigint>>): LedgerTotals => {
  const whole = (column: string): bigint =>
    (row[`${column}_high`] ?? 0n) * 4_294_967_296n + (row[`${column}_low`] ?? 0n);
  return {
    requests: Number(row['requests'] ?? 0n),
    promptTokens: whole('prompt_tokens'),
    cachedTokens: whole('cached_tokens'),
    outputTokens: whole('output_tokens'),
    picoUsd: whole('pico_usd'),
    microjoules: whole('microjoules'),
  };
};

interface VerdictRow {
  readonly decision: string;
  readonly source: StoredVerdict['source'];
  readonly at_ms: number;
  readonly score: number;
  readonly note: string | null;
}

const verdictOf = ({ decision, source, at_ms: atMs, score, note }: VerdictRow): StoredVerdict => ({
  decision: decision as StoredVerdict['decision'],
  source,
  atMs,
  score,
  note,
});

/** Reads the ledger. Totals scan it: they are for reports, not for requests. */
export function createSqliteLedger(database: DatabaseSync): LedgerReader {
  const all = database.prepare(TOTALS);
  const ofTenant = database.prepare(`${TOTALS} WHERE tenant = ?`);
  all.setReadBigInts(true);
  ofTenant.setReadBigInts(true);
  const byDecision = database.prepare('SELECT * FROM ledger WHERE decision = ?');
  const newest = database.prepare('SELECT * FROM ledger ORDER BY seq DESC LIMIT ?');

  const verdicts = database.prepare(
    'SELECT * FROM verdict WHERE decision = ? ORDER BY at_ms, source',
  );
  return {
    verdicts: async (decision) =>
      storeFault(() => (verdicts.all(decision) as unknown as VerdictRow[]).map(verdictOf)),
    totals: async ({ tenant }) =>
      storeFault(() => {
        const row = tenant === undefined ? all.get() : ofTenant.get(tenant);
        return totalsOf(row as Record<string, bigint>);
      }),
    outcome: async (decision) =>
      storeFault(() => {
        const row = byDecision.get(decision);
        return row === undefined ? null : outcomeOf(row as unknown as LedgerRow);
      }),
    latest: async (limit) =>
      storeFault(() =>
        newest.all(Math.max(0, limit)).map((row) => outcomeOf(row as unknown as LedgerRow)),
      ),
  };
}
