import { Fault } from '../kernel/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { Outcome, Store, StoreBatch } from '../contract/index.ts';
import type { BalanceBook } from './balance-book.ts';
import type { StoreHealth } from './protocol.ts';

/** Runs `run` after `delayMs`. Finer than the clock's wheel, whose ticks are longer than a group of commits. */
export type Defer = (delayMs: number, run: () => void) => void;

export const systemDefer: Defer = (delayMs, run) => {
  if (delayMs <= 0) setImmediate(run);
  else setTimeout(run, delayMs);
};

/** What the journal tells the keeper. */
export interface JournalListener {
  onCommitted(outcomes: readonly Outcome[]): void;
  onHealth(health: StoreHealth): void;
  onDropped(count: number): void;
}

/** A commit takes what came within this time, or at once when there are this many outcomes. */
const GROUP_MS = 5;
const GROUP_OUTCOMES = 64;
/** Outcomes held while the store does not take them; those that come on top are lost to the ledger, not to the budgets. */
const HELD_OUTCOMES_MAX = 100_000;
const RETRY_MS = 100;
const RETRY_MS_MAX = 5_000;

export interface JournalOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly defer: Defer;
  readonly book: BalanceBook;
  readonly listener: JournalListener;
}

/**
 * Groups what happened into commits: outcomes, the balances they settle and the leases that were
 * granted go together. One commit runs at a time; one that failed is tried again, the same, until it
 * goes in, and what comes meanwhile waits behind it.
 */
export class Journal {
  readonly #options: JournalOptions;
  #outcomes: Outcome[] = [];
  #waiters: ((isStored: boolean) => void)[] = [];
  #isScheduled = false;
  #isUrgent = false;
  #isCommitting = false;
  #failure: string | null = null;
  #retryMs = RETRY_MS;
  #isClosed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  get queueLength(): number {
    return this.#outcomes.length;
  }

  /** The book may have changed as well: it is read when the commit is made. */
  add(outcomes: readonly Outcome[]): void {
    const room = HELD_OUTCOMES_MAX - this.#outcomes.length;
    for (const outcome of outcomes.slice(0, room)) this.#outcomes.push(outcome);
    if (outcomes.length > room) this.#options.listener.onDropped(outcomes.length - room);
    this.#schedule();
  }

  /** Calls back, never at once, when all that happened so far is stored; with false when the store fails. */
  whenCommitted(done: (isStored: boolean) => void): void {
    if (this.#failure !== null) {
      this.#options.defer(0, () => done(false));
      return;
    }
    this.#waiters.push(done);
    this.#schedule();
  }

  /** Resolves when everything is stored, or with false after one failed try. */
  flush(): Promise<boolean> {
    return new Promise((resolve) => this.whenCommitted(resolve));
  }

  /** Gives up what is not stored. */
  close(): void {
    this.#isClosed = true;
  }

  #schedule(): void {
    if (this.#isCommitting || this.#isClosed) return;
    const isUrgent = this.#waiters.length > 0 || this.#outcomes.length >= GROUP_OUTCOMES;
    if (this.#isScheduled && (this.#isUrgent || !isUrgent)) return;
    this.#isScheduled = true;
    this.#isUrgent = isUrgent;
    this.#options.defer(isUrgent ? 0 : GROUP_MS, () => this.#commit());
  }

  #commit(): void {
    if (!this.#isScheduled || this.#isCommitting) return;
    this.#isScheduled = false;
    this.#isUrgent = false;
    const waiters = this.#waiters;
    const outcomes = this.#outcomes;
    this.#waiters = [];
    this.#outcomes = [];
    this.#isCommitting = true;
    this.#try({ outcomes, ...this.#options.book.takeChanges() }, waiters);
  }

  #try(batch: StoreBatch, waiters: readonly ((isStored: boolean) => void)[]): void {
    this.#options.store.commit(batch).then(
      () => this.#succeeded(batch, waiters),
      (error: unknown) => this.#failed(batch, waiters, error),
    );
  }

  #succeeded(batch: StoreBatch, waiters: readonly ((isStored: boolean) => void)[]): void {
    this.#isCommitting = false;
    this.#retryMs = RETRY_MS;
    if (this.#failure !== null) {
      this.#failure = null;
      this.#options.listener.onHealth({ isWritable: true, reason: null });
    }
    for (const done of waiters) done(true);
    if (batch.outcomes.length > 0) this.#options.listener.onCommitted(batch.outcomes);
    const hasMore = this.#outcomes.length > 0 || this.#waiters.length > 0;
    if (hasMore || this.#options.book.hasChanges) this.#schedule();
  }

  #failed(
    batch: StoreBatch,
    waiters: readonly ((isStored: boolean) => void)[],
    error: unknown,
  ): void {
    const reason = Fault.isInstance(error) ? error.message : 'The store failed.';
    if (this.#failure === null) {
      this.#failure = reason;
      this.#options.listener.onHealth({ isWritable: false, reason });
    }
    for (const done of [...waiters, ...this.#waiters.splice(0)]) done(false);
    this.#options.clock.after(this.#retryMs, () => {
      if (!this.#isClosed) this.#try(batch, []);
    });
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }
}
