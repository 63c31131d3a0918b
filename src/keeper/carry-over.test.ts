import { describe, expect, test } from 'vitest';
import { NOTHING } from '../contract/index.ts';
import type { BudgetRule, Reservation } from '../contract/index.ts';
import { BudgetRig, isReservation, rule, tokenRequest } from './fixtures/budget-rig.ts';
import { BalanceBook } from './balance-book.ts';

const DAY_MS = 86_400_000;
const ACME = { tenant: 'acme' };

const carrying = (shareRatio: number, maxRatio: number): BudgetRule => ({
  ...rule('day', { tenant: '*' }, { tokens: 1_000 }, 'day'),
  carryOver: { shareRatio, maxRatio },
});

/** Holds tokens, or null where the budget refuses. */
async function hold(rig: BudgetRig, tokens: number): Promise<Reservation | null> {
  const answer = Promise.resolve(rig.workers[0]!.gate.reserve(tokenRequest(ACME, tokens, 0)));
  await rig.quiesce();
  const result = await answer;
  return isReservation(result) ? result : null;
}

async function spend(rig: BudgetRig, tokens: number): Promise<boolean> {
  const held = await hold(rig, tokens);
  held?.settle({ ...NOTHING, tokens });
  await rig.quiesce();
  // Slices go back.
  rig.virtual.advance(2_500);
  await rig.quiesce();
  return held !== null;
}

const carriedOf = (rig: BudgetRig): bigint[] =>
  [...rig.book.balances.values()].map(({ carried }) => carried.tokens);

describe('carry-over', () => {
  test('a share of what was left is added to the next period, and no more than its ceiling', async () => {
    const rig = new BudgetRig([carrying(0.5, 0.3)], 1);
    await spend(rig, 600);
    rig.wallOffsetMs = DAY_MS;
    expect(await spend(rig, 1_201)).toBe(false);
    expect(await spend(rig, 1_200)).toBe(true);
    expect(await spend(rig, 1)).toBe(false);
    // Nothing was left, and what was carried is not carried on.
    rig.wallOffsetMs = 2 * DAY_MS;
    expect(await spend(rig, 1_001)).toBe(false);
    expect(await spend(rig, 10)).toBe(true);
    rig.wallOffsetMs = 3 * DAY_MS;
    await spend(rig, 1);
    expect(carriedOf(rig)).toEqual([0n, 200n, 0n, 300n]);
    expect(rig.faults).toEqual([]);
  });

  test('what a request of the last period holds is not left; what it gives back late, is', async () => {
    const rig = new BudgetRig([carrying(1, 1)], 1);
    const late = await hold(rig, 400);
    rig.virtual.advance(2_500);
    await rig.quiesce();
    rig.wallOffsetMs = DAY_MS;
    await spend(rig, 1);
    expect(carriedOf(rig)).toEqual([0n, 600n]);
    late!.settle({ ...NOTHING, tokens: 100 });
    await rig.quiesce();
    expect(carriedOf(rig)).toEqual([0n, 900n]);
  });

  test('what was carried is stored, and there after a restart; a swept period takes it along', async () => {
    const rig = new BudgetRig([carrying(1, 0.5)], 1);
    await spend(rig, 100);
    rig.wallOffsetMs = DAY_MS;
    await spend(rig, 50);
    const stored = await rig.fake.store.load();
    const book = new BalanceBook((invariant) => expect.fail(invariant));
    book.restore(stored.balances, stored.leases);
    book.setRules(rig.rules);
    const now = book.appliedTo({ ...tokenRequest(ACME, 1, 0) }, rig.clock.nowMs())[0]!;
    expect([now.balance.settled.tokens, now.balance.carried.tokens]).toEqual([50n, 500n]);
    rig.wallOffsetMs = 3 * DAY_MS;
    await spend(rig, 1);
    rig.book.sweep();
    rig.journal.add([]);
    await rig.quiesce();
    // Two days without a request lie between: nothing comes of them.
    expect(carriedOf(rig)).toEqual([0n]);
    expect([...rig.fake.balances.keys()]).toEqual([...rig.book.balances.keys()]);
  });

  test('a clock that jumps back and forth carries nothing twice', async () => {
    const rig = new BudgetRig([carrying(1, 1)], 1);
    await spend(rig, 400);
    for (const offset of [DAY_MS, 0, DAY_MS, -DAY_MS, DAY_MS]) {
      rig.wallOffsetMs = offset;
      await spend(rig, 1);
    }
    expect(carriedOf(rig)).toEqual([0n, 600n]);
    expect(await spend(rig, 1_595)).toBe(true);
    expect(await spend(rig, 1)).toBe(false);
  });
});
