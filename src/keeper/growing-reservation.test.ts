import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AwardedDecision, Refusal, Reservation, ReserveRequest } from '../contract/index.ts';
import type { Amounts, BudgetGate } from '../contract/index.ts';
import { reserveFor } from './growing-reservation.ts';

const REFUSED: Refusal = {
  kind: 'refusal',
  reason: 'budget-exhausted',
  code: 'BRS_BUDGET_EXHAUSTED',
  message: 'no',
};

/** A budget of so many tokens, which never lets go of more. */
class Gate implements BudgetGate {
  left: number;
  spent = 0;
  held = 0;
  readonly settled: string[] = [];
  isSlow = false;

  constructor(left: number) {
    this.left = left;
  }

  reserve(request: ReserveRequest): Reservation | Refusal | Promise<Reservation | Refusal> {
    const fit = this.left - request.fixed.tokens;
    const ceilingTokens = Math.min(request.ceilingTokens, fit);
    if (ceilingTokens < request.ceilingTokensMin) return this.#answer(REFUSED);
    const tokens = request.fixed.tokens + ceilingTokens;
    this.left -= tokens;
    this.held += tokens;
    const settle = (actual: Amounts): void => {
      expect(actual.tokens).toBeLessThanOrEqual(tokens);
      this.settled.push(`${actual.tokens}/${tokens}`);
      this.held -= tokens;
      this.spent += actual.tokens;
      this.left += tokens - actual.tokens;
    };
    const held = { tokens, picoUsd: 0, microjoules: 0 };
    return this.#answer({ id: request.decision, ceilingTokens, held, settle });
  }

  #answer<T>(answer: T): T | Promise<T> {
    return this.isSlow ? Promise.resolve(answer) : answer;
  }
}

const request = (ceilingTokens: number): ReserveRequest =>
  ({
    decision: 'd',
    fixed: { tokens: 10, picoUsd: 0, microjoules: 0 },
    perOutputToken: { tokens: 1, picoUsd: 0, microjoules: 0 },
    ceilingTokens,
    ceilingTokensMin: 1,
  }) as Partial<ReserveRequest> as ReserveRequest;

const decision = (limitTokens: number | null): AwardedDecision =>
  ({ result: { ranked: [{ limitTokens }] } }) as unknown as AwardedDecision;
const tokens = (count: number): Amounts => ({ tokens: count, picoUsd: 0, microjoules: 0 });
const reserved = (gate: Gate, ceiling: number): Reservation =>
  reserveFor(decision(ceiling), request(ceiling), gate) as Reservation;

describe('a reservation that grows', () => {
  test('is the plain one where the exchange sets no limit', () => {
    const held = reserveFor(decision(null), request(20), new Gate(100)) as Reservation;
    expect(held).not.toHaveProperty('grow');
  });

  test('holds what it grew by, and is settled over all that it holds', () => {
    const gate = new Gate(100);
    const held = reserved(gate, 20);
    void held.grow!(30);
    expect([held.ceilingTokens, held.held.tokens, gate.left]).toEqual([50, 60, 40]);
    held.settle(tokens(45));
    expect(gate.settled).toEqual(['30/30', '15/30']);
    expect([gate.left, gate.spent, gate.held]).toEqual([55, 45, 0]);
  });

  test('grows by what there is, or not at all', () => {
    const gate = new Gate(40);
    const held = reserved(gate, 20);
    void held.grow!(30);
    expect(held.ceilingTokens).toBe(30);
    void held.grow!(30);
    expect([held.ceilingTokens, gate.left]).toEqual([30, 0]);
  });

  test('what comes after the settlement goes back at once', async () => {
    const gate = new Gate(100);
    const held = reserved(gate, 20);
    gate.isSlow = true;
    const growing = held.grow!(30);
    held.settle(tokens(12));
    await growing;
    expect([gate.left, gate.spent, gate.held]).toEqual([88, 12, 0]);
  });

  test('a keeper that fails grants nothing', async () => {
    const gate = new Gate(100);
    const held = reserved(gate, 20);
    gate.reserve = () => Promise.reject(new Error('lost'));
    await held.grow!(30);
    expect(held.ceilingTokens).toBe(20);
  });

  test('a budget is never overspent, and nothing stays held, for any course of it', () => {
    const course = fc.record({
      budget: fc.integer({ min: 11, max: 200 }),
      ceiling: fc.integer({ min: 1, max: 60 }),
      growths: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }),
      used: fc.nat(300),
    });
    fc.assert(
      fc.property(course, ({ budget, ceiling, growths, used }) => {
        const gate = new Gate(budget);
        const held = reserved(gate, ceiling);
        for (const growth of growths) void held.grow!(growth);
        const actual = Math.min(used, held.held.tokens);
        expect(gate.held).toBe(held.held.tokens);
        held.settle(tokens(actual));
        expect([gate.held, gate.spent, gate.left]).toEqual([0, actual, budget - actual]);
      }),
    );
  });
});
