import { isPromise } from '../kernel/index.ts';
import type { MaybeAsync } from '../kernel/index.ts';
import { NOTHING, isRefusal } from '../contract/index.ts';
import type {
  Amounts,
  AwardedDecision,
  BudgetGate,
  Refusal,
  Reservation,
  ReserveRequest,
} from '../contract/index.ts';

/**
 * Reserves for a decision. Where the exchange limits the answer by itself, what that limit needs is
 * held, and the reservation grows when the answer does.
 */
export function reserveFor(
  { result }: AwardedDecision,
  request: ReserveRequest,
  budgets: BudgetGate,
): MaybeAsync<Reservation | Refusal | null> {
  const held = budgets.reserve(request);
  const isLimited = result.ranked.some(({ limitTokens }) => (limitTokens ?? null) !== null);
  if (!isLimited) return held;
  const growing = (first: Reservation | Refusal | null): Reservation | Refusal | null =>
    first === null || isRefusal(first) ? first : new GrowingReservation(first, request, budgets);
  return isPromise(held) ? held.then(growing) : growing(held);
}

/** Several reservations of one request: each holds what it holds, and a settlement fills them in turn. */
class GrowingReservation implements Reservation {
  readonly id: string;
  ceilingTokens: number;
  held: Amounts;
  readonly budgetWarning: string | null;
  readonly #parts: Reservation[];
  readonly #request: ReserveRequest;
  readonly #budgets: BudgetGate;
  #isSettled = false;

  constructor(first: Reservation, request: ReserveRequest, budgets: BudgetGate) {
    this.id = first.id;
    this.ceilingTokens = first.ceilingTokens;
    this.held = first.held;
    this.budgetWarning = first.budgetWarning ?? null;
    this.#parts = [first];
    this.#request = request;
    this.#budgets = budgets;
  }

  grow(tokens: number): MaybeAsync<void> {
    const request: ReserveRequest = {
      ...this.#request,
      fixed: NOTHING,
      ceilingTokens: tokens,
      ceilingTokensMin: 1,
    };
    const more = this.#budgets.reserve(request);
    if (!isPromise(more)) return this.#add(more, tokens);
    // A keeper that does not answer grants nothing.
    return more.then(
      (part) => this.#add(part, tokens),
      () => undefined,
    );
  }

  settle(actual: Amounts): void {
    if (this.#isSettled) return this.#parts[0]!.settle(actual);
    this.#isSettled = true;
    let left = actual;
    for (const [i, part] of this.#parts.entries()) {
      // What is beyond all that is held is the last one's to report.
      const own = i === this.#parts.length - 1 ? left : least(left, part.held);
      part.settle(own);
      left = minus(left, own);
    }
  }

  /** Null: the budgets no longer apply, so nothing is held, and nothing limits. */
  #add(part: Reservation | Refusal | null, tokens: number): void {
    if (part === null) {
      this.ceilingTokens += tokens;
    } else if (isRefusal(part)) {
      return;
    } else if (this.#isSettled) {
      part.settle(NOTHING);
    } else {
      this.#parts.push(part);
      this.ceilingTokens += part.ceilingTokens;
      this.held = plus(this.held, part.held);
    }
  }
}

const each = (a: Amounts, b: Amounts, combine: (a: number, b: number) => number): Amounts => ({
  tokens: combine(a.tokens, b.tokens),
  picoUsd: combine(a.picoUsd, b.picoUsd),
  microjoules: combine(a.microjoules, b.microjoules),
});
const least = (a: Amounts, b: Amounts): Amounts => each(a, b, Math.min);
const plus = (a: Amounts, b: Amounts): Amounts => each(a, b, (x, y) => x + y);
const minus = (a: Amounts, b: Amounts): Amounts => each(a, b, (x, y) => x - y);
