import type { Clock, Timer } from '../kernel/index.ts';
import type { Refusal } from '../contract/index.ts';
import { add, isZero, needAt, sumsOf } from './amounts.ts';
import type { Sums } from './amounts.ts';
import { remainingOf } from './balance.ts';
import type { Applied, Balance } from './balance.ts';
import type { BalanceBook } from './balance-book.ts';
import { exhausted, largestCeiling } from './budget-fit.ts';
import type { Ask } from './budget-fit.ts';

/** What the worker is granted of one balance. `extra` is its slice, beyond the request's own need. */
export interface GrantedLease {
  readonly key: string;
  readonly balance: string;
  readonly endMs: number;
  readonly extra: {
    readonly tokens: number;
    readonly picoUsd: number;
    readonly microjoules: number;
  };
}

export type Answer =
  | {
      readonly kind: 'granted';
      readonly ceilingTokens: number;
      readonly leases: readonly GrantedLease[];
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unbudgeted' }
  /** The grant cannot be made durable. */
  | { readonly kind: 'store-failed' };

/** What the desk needs of the rest of the keeper. */
export interface DeskPort {
  /** Asks a worker for whatever it does not use of these balances; it answers through `recalled`. */
  recall(session: number, recall: number, balances: readonly string[]): void;
  /** Calls back when all that is decided so far is stored, or cannot be. */
  whenCommitted(done: (isStored: boolean) => void): void;
}

interface Recall {
  readonly id: number;
  readonly missing: Set<number>;
  readonly balances: ReadonlySet<Balance>;
  /** A worker was lost before it answered, and what it held with it. */
  isVoid: boolean;
  timer: Timer | null;
}

interface Pending {
  readonly session: number;
  readonly ask: Ask;
  readonly answer: (answer: Answer) => void;
  /** As of the last look: a period may end while it waits. */
  applied: readonly Applied[];
  /** Sent after the request had come: what it brings back, this request may count on. */
  recall: Recall | null;
  /** Recalls that came back since the request arrived. */
  recallsDone: number;
}

/**
 * The first recall makes workers stop reserving by themselves; the second finds what was set free
 * between their answers to the first. What is missing then was missing at one moment, everywhere.
 */
const RECALLS = 2;
/** A worker that does not answer a recall within this time keeps its slices. */
const RECALL_TIMEOUT_MS = 2_000;
/** A slice is at most this share of what remains, and at most this many times the need. */
const SLICE_SHARE = 16n;
const SLICE_NEEDS = 64n;
/** A worker counts in doubles. */
const SLICE_MAX = 2n ** 52n;

/**
 * Decides what workers may hold. Requests are served in order where they share a balance. One that
 * what remains does not cover first brings back what workers hold and do not use; only then does its
 * ceiling shrink, and only below its minimum is it refused.
 */
export class BudgetDesk {
  readonly #book: BalanceBook;
  readonly #port: DeskPort;
  readonly #clock: Clock;
  readonly #recalls = new Map<number, Recall>();
  #queue: Pending[] = [];
  #recallCount = 0;

  constructor(book: BalanceBook, port: DeskPort, clock: Clock) {
    this.#book = book;
    this.#port = port;
    this.#clock = clock;
  }

  request(session: number, ask: Ask, answer: (answer: Answer) => void): void {
    const applied = this.#book.appliedTo(ask, this.#clock.nowMs());
    this.#queue.push({ session, ask, answer, applied, recall: null, recallsDone: 0 });
    this.process();
  }

  /** A worker has answered a recall; what it gave back is in the book. */
  recalled(session: number, id: number): void {
    const recall = this.#recalls.get(id);
    if (recall === undefined) return;
    recall.missing.delete(session);
    if (recall.missing.size === 0) this.#end(recall);
    this.process();
  }

  /** A worker is gone: it asks for nothing more and answers no recall. */
  forget(session: number): void {
    this.#queue = this.#queue.filter((pending) => pending.session !== session);
    for (const recall of this.#recalls.values()) {
      if (!recall.missing.delete(session)) continue;
      recall.isVoid = true;
      if (recall.missing.size === 0) this.#end(recall);
    }
    this.process();
  }

  /** Decides whatever can be decided, in order. */
  process(): void {
    if (this.#queue.length === 0) return;
    const blocked = new Set<Balance>();
    const nowMs = this.#clock.nowMs();
    this.#queue = this.#queue.filter((pending) => {
      const applied = this.#book.appliedTo(pending.ask, nowMs);
      if (!areSame(applied, pending.applied)) pending.recallsDone = 0;
      pending.applied = applied;
      const isFree = !applied.some(({ balance }) => blocked.has(balance));
      if (isFree && this.#decide(pending, nowMs)) return false;
      for (const { balance } of applied) blocked.add(balance);
      return true;
    });
  }

  #decide(pending: Pending, nowMs: number): boolean {
    const { ask, applied } = pending;
    if (applied.length === 0) {
      pending.answer({ kind: 'unbudgeted' });
      return true;
    }
    const ceiling = largestCeiling(ask, applied);
    const isShort = ceiling === null || ceiling < ask.ceilingTokens;
    if (isShort && !this.#isRecalled(pending)) return false;
    if (ceiling === null || ceiling < ask.ceilingTokensMin) {
      pending.answer({ kind: 'refused', refusal: exhausted(ask, applied, nowMs) });
    } else {
      this.#grant(pending, ceiling);
    }
    return true;
  }

  /** Whether all that is unused has come back since the request arrived; starts to fetch it if not. */
  #isRecalled(pending: Pending): boolean {
    if (pending.recall !== null) return false;
    if (pending.recallsDone >= RECALLS) return true;
    const { applied } = pending;
    // A grant on its way to its worker could not be given back yet: the recall goes after it.
    if (applied.some(({ balance }) => balance.grantsUnsent > 0)) return false;
    const started = this.#startRecall(applied);
    if (started === null) return true;
    pending.recall = started;
    for (const other of this.#queue) other.recall ??= started;
    return false;
  }

  /** Null where no worker holds anything. */
  #startRecall(applied: readonly Applied[]): Recall | null {
    const balances = new Set(applied.map(({ balance }) => balance));
    const bySession = new Map<number, string[]>();
    for (const { id, leases } of balances) {
      for (const { session, outstanding } of leases.values()) {
        // Nothing to bring back; the worker may be gone.
        if (isZero(outstanding)) continue;
        const ids = bySession.get(session);
        if (ids === undefined) bySession.set(session, [id]);
        else ids.push(id);
      }
    }
    if (bySession.size === 0) return null;
    const id = this.#recallCount++;
    const missing = new Set(bySession.keys());
    const recall: Recall = { id, missing, balances, isVoid: false, timer: null };
    this.#recalls.set(id, recall);
    recall.timer = this.#clock.after(RECALL_TIMEOUT_MS, () => {
      recall.missing.clear();
      this.#end(recall);
      this.process();
    });
    for (const [session, ids] of bySession) this.#port.recall(session, id, ids);
    return recall;
  }

  #end(recall: Recall): void {
    if (recall.timer !== null) this.#clock.cancel(recall.timer);
    this.#recalls.delete(recall.id);
    for (const pending of this.#queue) {
      if (pending.recall !== recall) continue;
      pending.recall = null;
      const isCovered = pending.applied.every(({ balance }) => recall.balances.has(balance));
      if (isCovered && !recall.isVoid) pending.recallsDone++;
    }
  }

  #grant(pending: Pending, ceilingTokens: number): void {
    const { applied } = pending;
    const need = sumsOf(needAt(pending.ask, ceilingTokens));
    const isTight = pending.recallsDone > 0;
    const granted = applied.map((entry) => this.#grantOne(pending.session, entry, need, isTight));
    this.#port.whenCommitted((isStored) => {
      for (const { balance } of applied) balance.grantsUnsent--;
      if (isStored) {
        pending.answer({
          kind: 'granted',
          ceilingTokens,
          leases: granted.map(({ lease }) => lease),
        });
      } else {
        this.#takeBack(pending.session, granted);
        pending.answer({ kind: 'store-failed' });
      }
      this.process();
    });
  }

  #grantOne(session: number, entry: Applied, need: Sums, isTight: boolean) {
    const { balance, rule, key, endMs } = entry;
    this.#book.grant(session, balance, need);
    const left = remainingOf(balance, rule.limits);
    const slice = (remaining: bigint | null, needed: bigint): bigint => {
      if (isTight) return 0n;
      let most = needed * SLICE_NEEDS < SLICE_MAX ? needed * SLICE_NEEDS : SLICE_MAX;
      if (remaining !== null && remaining / SLICE_SHARE < most) most = remaining / SLICE_SHARE;
      return most > 0n ? most : 0n;
    };
    const extra: Sums = {
      tokens: slice(left.tokens, need.tokens),
      picoUsd: slice(left.picoUsd, need.picoUsd),
      microjoules: slice(left.microjoules, need.microjoules),
    };
    this.#book.grant(session, balance, extra);
    balance.grantsUnsent++;
    const lease: GrantedLease = {
      key,
      balance: balance.id,
      endMs,
      extra: {
        tokens: Number(extra.tokens),
        picoUsd: Number(extra.picoUsd),
        microjoules: Number(extra.microjoules),
      },
    };
    return { balance, amounts: add(need, extra), lease };
  }

  #takeBack(session: number, granted: readonly { balance: Balance; amounts: Sums }[]): void {
    for (const { balance, amounts } of granted) {
      const lease = balance.leases.get(session);
      const isForfeited = lease === undefined || isZero(lease.outstanding);
      if (!isForfeited) this.#book.giveBack(session, balance.id, amounts);
    }
  }
}

const areSame = (a: readonly Applied[], b: readonly Applied[]): boolean =>
  a.length === b.length && a.every(({ balance }, i) => balance === b[i]!.balance);
