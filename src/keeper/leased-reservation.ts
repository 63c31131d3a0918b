import type { Amounts, Reservation } from '../contract/index.ts';
import type { LocalLease } from './local-lease.ts';

/** Takes what a settlement used and what it frees. */
export interface Settler {
  settled(leases: readonly LocalLease[], spent: Amounts, unused: Amounts): void;
  onFault(invariant: string): void;
}

/** Held on one or more leases of this worker, in the periods in which it was reserved. */
export class LeasedReservation implements Reservation {
  readonly id: string;
  readonly ceilingTokens: number;
  readonly held: Amounts;
  readonly budgetWarning: string | null;
  readonly #leases: readonly LocalLease[];
  readonly #settler: Settler;
  #isSettled = false;

  constructor(
    terms: Pick<Reservation, 'id' | 'ceilingTokens' | 'held'> & {
      readonly budgetWarning: string | null;
    },
    leases: readonly LocalLease[],
    settler: Settler,
  ) {
    this.id = terms.id;
    this.ceilingTokens = terms.ceilingTokens;
    this.held = terms.held;
    this.budgetWarning = terms.budgetWarning;
    this.#leases = leases;
    this.#settler = settler;
  }

  settle(actual: Amounts): void {
    if (this.#isSettled) {
      this.#settler.onFault('a reservation is settled once');
      return;
    }
    this.#isSettled = true;
    const { held } = this;
    const spent = {
      tokens: within(actual.tokens, held.tokens),
      picoUsd: within(actual.picoUsd, held.picoUsd),
      microjoules: within(actual.microjoules, held.microjoules),
    };
    if (
      spent.tokens < actual.tokens ||
      spent.picoUsd < actual.picoUsd ||
      spent.microjoules < actual.microjoules
    ) {
      this.#settler.onFault('a settlement stays within its reservation');
    }
    const unused = {
      tokens: held.tokens - spent.tokens,
      picoUsd: held.picoUsd - spent.picoUsd,
      microjoules: held.microjoules - spent.microjoules,
    };
    this.#settler.settled(this.#leases, spent, unused);
  }
}

/** A whole amount from 0 to what is held. What is no number at all counts as everything held. */
function within(actual: number, held: number): number {
  if (actual >= 0 && actual <= held) return Math.min(Math.ceil(actual), held);
  return actual < 0 ? 0 : held;
}
