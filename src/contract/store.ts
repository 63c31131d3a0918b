import type { StoredVerdict } from './feedback.ts';
import type { Outcome } from './outcome.ts';

/** Sums of one balance in one period. BigInt: a ledger outgrows 2^53 pico-USD. */
export interface StoredBalance {
  /** `rule|scope|periodStartMs`. */
  readonly id: string;
  readonly tokens: bigint;
  readonly picoUsd: bigint;
  readonly microjoules: bigint;
}

/** A slice of a balance that a worker holds: what may be spent without the store hearing of it first. */
export interface StoredLease {
  readonly id: string;
  readonly balance: string;
  readonly tokens: bigint;
  readonly picoUsd: bigint;
  readonly microjoules: bigint;
}

/** What one commit changes: all of it or nothing. */
export interface StoreBatch {
  readonly outcomes: readonly Outcome[];
  /** Added to the stored sums. */
  readonly balanceDeltas: readonly StoredBalance[];
  /** What is outstanding on each lease; replaces what is stored of the same id. */
  readonly leasesOpened: readonly StoredLease[];
  readonly leasesClosed: readonly string[];
  /** Balances whose period is over and that nothing can be spent from: they are forgotten. */
  readonly balancesClosed: readonly string[];
}

export interface LedgerTotals {
  readonly requests: number;
  readonly promptTokens: bigint;
  readonly cachedTokens: bigint;
  readonly outputTokens: bigint;
  readonly picoUsd: bigint;
  readonly microjoules: bigint;
}

/**
 * Extension point: durable state, with one writer. When `commit` has resolved, the batch survives
 * `kill -9` and power loss; committing an outcome whose decision is stored already changes nothing
 * of that outcome (the caller still owns its deltas).
 */
export interface Store {
  readonly apiVersion: 1;
  commit(batch: StoreBatch): Promise<void>;
  load(): Promise<{
    readonly balances: readonly StoredBalance[];
    readonly leases: readonly StoredLease[];
    readonly documents: ReadonlyMap<string, string>;
  }>;
  /** Small named JSON documents: beliefs, the admin overlay, preferences. Null deletes. */
  saveDocument(name: string, json: string | null): Promise<void>;
  /** False where one of its source is stored for the decision already: that one stands. */
  addVerdict(verdict: StoredVerdict): Promise<boolean>;
  ledger: LedgerReader;
  close(): Promise<void>;
}

export interface LedgerReader {
  totals(filter: { readonly tenant?: string }): Promise<LedgerTotals>;
  outcome(decision: string): Promise<Outcome | null>;
  latest(limit: number): Promise<readonly Outcome[]>;
  /** In the order in which they came. */
  verdicts(decision: string): Promise<readonly StoredVerdict[]>;
}
