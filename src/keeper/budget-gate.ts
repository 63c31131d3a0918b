import { fault } from '../kernel/index.ts';
import type { Clock, Fault, MaybeAsync, Timer } from '../kernel/index.ts';
import { NOTHING } from '../contract/index.ts';
import type { Amounts, BudgetGate, BudgetRule } from '../contract/index.ts';
import type { Refusal, Reservation, ReserveRequest } from '../contract/index.ts';
import { needAt } from './amounts.ts';
import type { Answer, GrantedLease } from './budget-desk.ts';
import type { Ask } from './budget-fit.ts';
import { LeasedReservation } from './leased-reservation.ts';
import type { Settler } from './leased-reservation.ts';
import { LeaseSlots } from './lease-slots.ts';
import type { Slot } from './lease-slots.ts';
import { LocalLease } from './local-lease.ts';
import type { WarningCells } from './budget-warnings.ts';
import type { AmountCells, ToKeeper } from './protocol.ts';

/** What the gate needs of the line to the keeper. */
export interface GatePort {
  post(message: ToKeeper): void;
  /** Something waits to be reported: a batch goes out soon. */
  wake(): void;
  onFault(invariant: string): void;
}

interface Waiting {
  readonly request: ReserveRequest;
  readonly slots: readonly Slot[];
  readonly resolve: (result: Reservation | Refusal | null) => void;
  readonly reject: (error: Fault) => void;
  /** Ends the wait; an answer that comes later is turned into free slices. */
  timer: Timer | null;
}

const ANSWER_TIMEOUT_MS = 10_000;
/** A slice that nobody used for this long goes back. */
const IDLE_MS = 1_000;

/**
 * The worker's side of the budgets: reserves from its own slices, at once, and asks the keeper where
 * they do not cover a request. Requests that share a budget are served in order.
 */
export class LeaseGate implements BudgetGate, Settler {
  readonly #clock: Clock;
  readonly #port: GatePort;
  /** By balance; retired ones live on in their reservations only. */
  readonly #leases = new Map<string, LocalLease>();
  readonly #asked = new Map<number, Waiting>();
  #waiting: Waiting[] = [];
  readonly #warnings = new Map<string, string>();
  #slots = new LeaseSlots([]);
  #dirty: LocalLease[] = [];
  #spent: AmountCells = [];
  #returned: AmountCells = [];
  #askCount = 0;
  #isLost = false;
  #sweep: Timer;

  constructor(clock: Clock, port: GatePort) {
    this.#clock = clock;
    this.#port = port;
    this.#sweep = clock.after(IDLE_MS, () => this.#returnIdle());
  }

  reserve(request: ReserveRequest): MaybeAsync<Reservation | Refusal | null> {
    const slots = this.#slots.of(request);
    if (slots.length === 0) return null;
    return this.#reserveLocally(request, slots) ?? this.#wait(request, slots);
  }

  #reserveLocally(request: ReserveRequest, slots: readonly Slot[]): Reservation | null {
    const held = needAt(request, request.ceilingTokens);
    const { tokens, picoUsd, microjoules } = held;
    const nowMs = this.#clock.nowMs();
    for (const { lease, isBusy } of slots) {
      if (isBusy || lease === null || lease.isRetired || lease.endMs <= nowMs) return null;
      if (!lease.covers(tokens, picoUsd, microjoules)) return null;
    }
    const usedMs = this.#clock.monotonicMs();
    const leases: LocalLease[] = [];
    for (const { lease } of slots) {
      if (lease === null) continue;
      lease.take(tokens, picoUsd, microjoules);
      lease.usedMs = usedMs;
      leases.push(lease);
    }
    const { decision: id, ceilingTokens } = request;
    const budgetWarning = this.#warningOf(leases);
    return new LeasedReservation({ id, ceilingTokens, held, budgetWarning }, leases, this);
  }

  #wait(request: ReserveRequest, slots: readonly Slot[]): Promise<Reservation | Refusal | null> {
    if (this.#isLost) return Promise.reject(fault('BRS_KEEPER_LOST'));
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { request, slots, resolve, reject, timer: null };
      waiting.timer = this.#clock.after(ANSWER_TIMEOUT_MS, () => this.#giveUp(waiting));
      this.#waiting.push(waiting);
      this.#pump();
    });
  }

  #giveUp(waiting: Waiting): void {
    waiting.timer = null;
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
    waiting.reject(fault('BRS_KEEPER_LOST'));
    this.#pump();
  }

  /** Serves who waits, in order: from the slices where they suffice, else by asking the keeper. */
  #pump(): void {
    if (this.#waiting.length === 0) return;
    const blocked = new Set<Slot>();
    this.#waiting = this.#waiting.filter((waiting) => {
      const { slots } = waiting;
      if (slots.some((slot) => slot.isBusy || blocked.has(slot))) {
        for (const slot of slots) blocked.add(slot);
        return true;
      }
      const reservation = this.#reserveLocally(waiting.request, slots);
      if (reservation === null) this.#ask(waiting);
      else this.#finish(waiting, reservation);
      return false;
    });
  }

  #finish(waiting: Waiting, result: Reservation | Refusal | null): void {
    if (waiting.timer !== null) this.#clock.cancel(waiting.timer);
    waiting.resolve(result);
  }

  /** The slices in question go back with the question, so that the keeper sees all there is. */
  #ask(waiting: Waiting): void {
    const returned: AmountCells = [];
    const nowMs = this.#clock.nowMs();
    for (const slot of waiting.slots) {
      slot.isBusy = true;
      if (slot.lease === null) continue;
      slot.lease.giveUp(returned);
      if (slot.lease.endMs <= nowMs) this.#retire(slot.lease);
    }
    const request = this.#askCount++;
    this.#asked.set(request, waiting);
    this.#port.post({ kind: 'need', request, ask: askOf(waiting.request), returned });
  }

  onAnswer(request: number, answer: Answer): void {
    const waiting = this.#asked.get(request);
    if (waiting === undefined) return;
    this.#asked.delete(request);
    for (const slot of waiting.slots) slot.isBusy = false;
    if (answer.kind === 'granted') {
      this.#accept(waiting, answer);
    } else if (answer.kind === 'store-failed') {
      if (waiting.timer !== null) this.#clock.cancel(waiting.timer);
      waiting.reject(fault('BRS_STORE', { reason: 'a budget cannot be reserved durably' }));
    } else {
      this.#finish(waiting, answer.kind === 'refused' ? answer.refusal : null);
    }
    this.#pump();
  }

  /** A grant holds what the request needs, and a slice for those that follow. */
  #accept(waiting: Waiting, granted: Extract<Answer, { kind: 'granted' }>): void {
    const { request } = waiting;
    const held = needAt(request, granted.ceilingTokens);
    const leases = granted.leases.map((grant) => this.#leaseFor(grant));
    granted.leases.forEach(({ extra }, i) => leases[i]!.free(extra, this.#returned));
    const { ceilingTokens } = granted;
    const terms = {
      id: request.decision,
      ceilingTokens,
      held,
      budgetWarning: this.#warningOf(leases),
    };
    const reservation = new LeasedReservation(terms, leases, this);
    const isTooLate = waiting.timer === null;
    if (isTooLate) reservation.settle(NOTHING);
    else this.#finish(waiting, reservation);
  }

  #leaseFor({ key, balance, endMs }: GrantedLease): LocalLease {
    let lease = this.#leases.get(balance);
    if (lease === undefined) {
      lease = new LocalLease(balance, endMs);
      this.#leases.set(balance, lease);
    }
    lease.usedMs = this.#clock.monotonicMs();
    const slot = this.#slots.get(key);
    if (slot.lease !== null && slot.lease !== lease) this.#retire(slot.lease);
    slot.lease = lease;
    return lease;
  }

  settled(leases: readonly LocalLease[], spent: Amounts, unused: Amounts): void {
    for (const lease of leases) {
      lease.spend(spent, this.#spent);
      lease.free(unused, this.#returned);
      if (lease.isDirty) continue;
      lease.isDirty = true;
      this.#dirty.push(lease);
    }
    this.#port.wake();
  }

  onFault(invariant: string): void {
    this.#port.onFault(invariant);
  }

  /** What answers say of budgets that are nearly used up. */
  onWarnings(cells: WarningCells): void {
    for (let i = 0; i < cells.length; i += 2) {
      if (cells[i + 1] === '') this.#warnings.delete(cells[i]!);
      else this.#warnings.set(cells[i]!, cells[i + 1]!);
    }
  }

  #warningOf(leases: readonly LocalLease[]): string | null {
    if (this.#warnings.size === 0) return null;
    const texts = leases.flatMap(({ balance }) => this.#warnings.get(balance) ?? []);
    return texts.length === 0 ? null : texts.join(', ');
  }

  /** The keeper is short: what is unused of these balances goes back, and it alone decides from here. */
  onRecall(recall: number, balances: readonly string[]): void {
    for (const balance of balances) {
      const lease = this.#leases.get(balance);
      if (lease !== undefined) this.#retire(lease);
    }
    const returned = this.#returned;
    this.#returned = [];
    this.#port.post({ kind: 'recalled', recall, returned });
  }

  /** Slices that were cut under other rules go back; what is reserved on them stays. */
  setRules(rules: readonly BudgetRule[]): void {
    this.#slots = new LeaseSlots(rules);
    this.#returnAll();
  }

  onKeeperLost(): void {
    this.#isLost = true;
    const error = fault('BRS_KEEPER_LOST');
    this.#returnAll();
    for (const { reject, timer } of [...this.#asked.values(), ...this.#waiting]) {
      if (timer !== null) this.#clock.cancel(timer);
      reject(error);
    }
    this.#asked.clear();
    this.#waiting = [];
  }

  /** Nothing is reserved any more; what is unused goes out with the next report. */
  close(): void {
    this.#clock.cancel(this.#sweep);
    this.onKeeperLost();
  }

  /** What was spent and given back since the last call. */
  takeReport(): { readonly spent: AmountCells; readonly returned: AmountCells } {
    for (const lease of this.#dirty) lease.report(this.#spent);
    const report = { spent: this.#spent, returned: this.#returned };
    this.#dirty = [];
    this.#spent = [];
    this.#returned = [];
    return report;
  }

  #retire(lease: LocalLease): void {
    lease.giveUp(this.#returned);
    lease.isRetired = true;
    if (this.#leases.get(lease.balance) === lease) this.#leases.delete(lease.balance);
  }

  #returnAll(): void {
    for (const lease of this.#leases.values()) this.#retire(lease);
    this.#port.wake();
  }

  #returnIdle(): void {
    this.#sweep = this.#clock.after(IDLE_MS, () => this.#returnIdle());
    const idleMs = this.#clock.monotonicMs() - IDLE_MS;
    const nowMs = this.#clock.nowMs();
    for (const lease of this.#leases.values()) {
      if (lease.usedMs <= idleMs || lease.endMs <= nowMs) this.#retire(lease);
    }
    if (this.#returned.length > 0) this.#port.wake();
    this.#slots.trim();
  }
}

function askOf(request: ReserveRequest): Ask {
  const { tenant, key, user, route, fixed, perOutputToken } = request;
  const { ceilingTokens, ceilingTokensMin } = request;
  return { tenant, key, user, route, fixed, perOutputToken, ceilingTokens, ceilingTokensMin };
}
