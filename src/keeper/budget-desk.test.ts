import { describe, expect, test } from 'vitest';
import { NOTHING } from '../contract/index.ts';
import type { Refusal, Reservation } from '../contract/index.ts';
import { BudgetRig, isReservation, rule, settled, tokenRequest } from './fixtures/budget-rig.ts';

const ACME = { tenant: 'acme' };
const spent = (tokens: number) => ({ ...NOTHING, tokens });

/** Reserves on a worker while everything is delivered and stored. */
async function reserve(rig: BudgetRig, worker: number, request: ReturnType<typeof tokenRequest>) {
  const answer = Promise.resolve(rig.workers[worker]!.gate.reserve(request));
  await rig.quiesce();
  return answer;
}

async function granted(...args: Parameters<typeof reserve>): Promise<Reservation> {
  const answer = await reserve(...args);
  expect(answer).toMatchObject({ ceilingTokens: expect.anything() });
  return answer as Reservation;
}

const tokensLimit = (tokens: number) => [rule('day', { tenant: '*' }, { tokens }, 'day')];

describe('budgets', () => {
  test('without a rule that applies there is no reservation', async () => {
    const rig = new BudgetRig([rule('only', { tenant: 'acme' }, { tokens: 1 })], 1);
    expect(rig.workers[0]!.gate.reserve(tokenRequest({ tenant: 'other' }, 1, 1))).toBeNull();
    expect(rig.workers[0]!.inTransit).toHaveLength(0);
  });

  test('after the first grant a worker reserves by itself, at once', async () => {
    const rig = new BudgetRig(tokensLimit(1_000_000), 1);
    await granted(rig, 0, tokenRequest(ACME, 10, 90));
    const next = rig.workers[0]!.gate.reserve(tokenRequest(ACME, 10, 90));
    expect(next).not.toBeInstanceOf(Promise);
    expect(rig.workers[0]!.inTransit).toHaveLength(0);
  });

  test('a slice is at most a sixteenth of what remains', async () => {
    const rig = new BudgetRig(tokensLimit(1_700), 1);
    await granted(rig, 0, tokenRequest(ACME, 50, 50));
    expect([...rig.book.balances.values()][0]!.leased.tokens).toBe(200n);
  });

  test('what other workers hold and do not use is fetched before anyone is refused', async () => {
    const rig = new BudgetRig(tokensLimit(1_000), 2);
    const first = await granted(rig, 0, tokenRequest(ACME, 400, 0));
    await granted(rig, 1, tokenRequest(ACME, 300, 0));
    first.settle(spent(0));
    // 700 are unused; most of them lie with worker 0, as refund and as slice.
    const third = await granted(rig, 1, tokenRequest(ACME, 700, 0));
    expect(third.held.tokens).toBe(700);
    const refusal = await reserve(rig, 0, tokenRequest(ACME, 1, 0));
    expect(isReservation(refusal)).toBe(false);
  });

  test('a ceiling shrinks to exactly what is left, and not below the minimum', async () => {
    const rig = new BudgetRig(tokensLimit(1_000), 2);
    await granted(rig, 0, tokenRequest(ACME, 100, 600));
    const shrunk = await granted(rig, 1, tokenRequest(ACME, 100, 4_096, 200));
    expect(shrunk.ceilingTokens).toBe(200);
    expect(shrunk.held.tokens).toBe(300);
    shrunk.settle(spent(100));
    const refusal = await reserve(rig, 1, tokenRequest(ACME, 100, 4_096, 101));
    expect(isReservation(refusal)).toBe(false);
  });

  test('the tightest of several balances decides, and a refusal holds nothing of the others', async () => {
    const rules = [
      rule('tokens', { tenant: '*' }, { tokens: 10_000 }),
      rule('usd', { key: '*' }, { picoUsd: 1_000 }),
    ];
    const rig = new BudgetRig(rules, 1);
    // 3 pico-USD per fixed token, 5 per output token: (1000 − 300) / 5.
    const shrunk = await granted(rig, 0, tokenRequest({ ...ACME, key: 'a' }, 100, 4_096, 1));
    expect(shrunk.ceilingTokens).toBe(140);
    const refusal = await reserve(rig, 0, tokenRequest({ ...ACME, key: 'a' }, 1, 0));
    expect(isReservation(refusal)).toBe(false);
    const all = await granted(rig, 0, tokenRequest({ ...ACME, key: 'b' }, 0, 199));
    expect(all.held).toMatchObject({ tokens: 199, picoUsd: 995 });
    shrunk.settle(NOTHING);
    all.settle(NOTHING);
    await rig.quiesce();
    rig.virtual.advance(3_000);
    await rig.quiesce();
    for (const { leased } of rig.book.balances.values()) expect(leased.tokens).toBe(0n);
  });

  test('a refusal names the budget, what is left, what is held and until when', async () => {
    const rig = new BudgetRig(tokensLimit(1_000), 1);
    const first = await granted(rig, 0, tokenRequest(ACME, 700, 0));
    first.settle(spent(600));
    await granted(rig, 0, tokenRequest(ACME, 300, 0));
    const refusal = (await reserve(rig, 0, tokenRequest(ACME, 120, 30, 5))) as Refusal;
    expect(refusal).toEqual({
      kind: 'refusal',
      reason: 'budget-exhausted',
      code: 'BRS_BUDGET_EXHAUSTED',
      message:
        'The budget tenant=acme per day is used up: this request needs at least 125 tokens and ' +
        '100 tokens of 1000 tokens are left until 2025-01-16T00:00:00.000Z ' +
        '(300 tokens are held by requests in flight).',
      retryAfterSeconds: 43_200,
    });
  });

  test('a request is settled in the period it was reserved in, and the next period is whole', async () => {
    const rig = new BudgetRig(tokensLimit(1_000), 1);
    const late = await granted(rig, 0, tokenRequest(ACME, 1_000, 0));
    rig.wallOffsetMs += 86_400_000;
    const next = await granted(rig, 0, tokenRequest(ACME, 1_000, 0));
    late.settle(spent(900));
    next.settle(spent(100));
    await rig.quiesce();
    const settledByStart = [...rig.book.balances.values()]
      .sort((a, b) => a.startMs - b.startMs)
      .map((balance) => balance.settled.tokens);
    expect(settledByStart).toEqual([900n, 100n]);
    // The old period has no lease and a successor: it is forgotten.
    rig.virtual.advance(3_000);
    await rig.quiesce();
    rig.book.sweep();
    rig.journal.add([]);
    await rig.quiesce();
    expect([...rig.fake.balances.keys()]).toEqual([`day|tenant=acme|${Date.UTC(2025, 0, 16)}`]);
  });

  test('a clock that jumps back does not reopen the period before, after a restart neither', async () => {
    const rules = tokensLimit(1_000);
    const rig = new BudgetRig(rules, 1);
    (await granted(rig, 0, tokenRequest(ACME, 1_000, 0))).settle(spent(1_000));
    await rig.quiesce();
    rig.wallOffsetMs -= 7 * 86_400_000;
    expect(isReservation(await reserve(rig, 0, tokenRequest(ACME, 1, 0)))).toBe(false);

    const next = new BudgetRig(rules, 0);
    next.wallOffsetMs = rig.wallOffsetMs;
    const stored = await rig.fake.store.load();
    next.book.restore(stored.balances, stored.leases);
    next.book.setRules(rules);
    next.start(0);
    expect(isReservation(await reserve(next, 0, tokenRequest(ACME, 1, 0)))).toBe(false);
  });

  test('leases that a killed keeper left behind settle in full, once', async () => {
    const rules = tokensLimit(1_000);
    const rig = new BudgetRig(rules, 1);
    const one = await granted(rig, 0, tokenRequest(ACME, 100, 0));
    await granted(rig, 0, tokenRequest(ACME, 200, 0));
    one.settle(spent(30));
    rig.workers[0]!.report();
    await rig.quiesce();
    const before = rig.fake.taken('day|tenant=acme|1736899200000').tokens;

    for (let restart = 0; restart < 2; restart++) {
      const next = new BudgetRig(rules, 0);
      const stored = await rig.fake.store.load();
      next.book.restore(stored.balances, stored.leases);
      next.book.setRules(rules);
      await rig.fake.store.close();
      const changes = next.book.takeChanges();
      void rig.fake.store.commit({ outcomes: [], ...changes });
      rig.fake.succeed();
      expect(rig.fake.leases.size).toBe(0);
      expect([...rig.fake.balances.values()].map(({ tokens }) => tokens)).toEqual([before]);
    }
    expect(before).toBeGreaterThanOrEqual(230n);
    expect(before).toBeLessThanOrEqual(30n + 200n + 70n + 57n + 50n);
  });

  test('settling twice, and settling more than is held, change nothing more and are told', async () => {
    const rig = new BudgetRig(tokensLimit(1_000), 1);
    const reservation = await granted(rig, 0, tokenRequest(ACME, 100, 0));
    reservation.settle(spent(250));
    reservation.settle(spent(1));
    await rig.quiesce();
    expect(rig.faults).toEqual([
      'a settlement stays within its reservation',
      'a reservation is settled once',
    ]);
    expect([...rig.book.balances.values()][0]!.settled.tokens).toBe(100n);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%s counts as all that is held', async (n) => {
    const rig = new BudgetRig(tokensLimit(1_000), 1);
    (await granted(rig, 0, tokenRequest(ACME, 100, 0))).settle(spent(n));
    await rig.quiesce();
    expect([...rig.book.balances.values()][0]!.settled.tokens).toBe(100n);
  });

  test('absurd amounts are refused or held, never miscounted', async () => {
    const rules = [rule('day', { tenant: '*' }, { tokens: Number.MAX_SAFE_INTEGER }, 'day')];
    const rig = new BudgetRig(rules, 1);
    const huge = { ...tokenRequest(ACME, 0, 1e15, 0), fixed: NOTHING };
    const first = await granted(rig, 0, huge);
    expect(first.ceilingTokens).toBe(1e15);
    first.settle({ tokens: 3, picoUsd: 3, microjoules: 0 });
    const second = await granted(rig, 0, { ...huge, ceilingTokens: Number.MAX_SAFE_INTEGER });
    expect(second.held.tokens).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER - 3);
    second.settle(NOTHING);
    await rig.quiesce();
    rig.virtual.advance(3_000);
    await rig.quiesce();
    const [balance] = rig.book.balances.values();
    expect(balance!.settled).toEqual({ tokens: 3n, picoUsd: 3n, microjoules: 0n });
    expect(balance!.leased).toEqual({ tokens: 0n, picoUsd: 0n, microjoules: 0n });
    expect(rig.faults).toEqual([]);
  });

  test('a rule for each user counts those without one together, and hostile names stay apart', async () => {
    const rig = new BudgetRig([rule('user', { user: '*' }, { tokens: 100 })], 1);
    const users = ['a|b', 'a', 'a&tenant=x', 'x'.repeat(10_000), '\ud800', '', 'é\n'];
    for (const user of users) await granted(rig, 0, tokenRequest({ ...ACME, user }, 100, 0));
    for (const user of users) {
      const again = await reserve(rig, 0, tokenRequest({ ...ACME, user }, 1, 0));
      expect(isReservation(again)).toBe(false);
    }
    expect(isReservation(await reserve(rig, 0, tokenRequest(ACME, 1, 0)))).toBe(false);
    for (const id of rig.book.balances.keys()) expect(id.length).toBeLessThan(200);
  });

  test('while the store fails no grant is made; slices at hand still serve', async () => {
    const rig = new BudgetRig(tokensLimit(100_000), 1);
    await granted(rig, 0, tokenRequest(ACME, 10, 0));
    const { gate } = rig.workers[0]!;
    const big = Promise.resolve(gate.reserve(tokenRequest(ACME, 50_000, 0))).catch((e) => e);
    while (rig.workers[0]!.deliver());
    await rig.runDeferred();
    rig.fake.fail();
    await settled();
    while (rig.workers[0]!.deliver());
    expect(await big).toMatchObject({ code: 'BRS_STORE' });
    rig.virtual.advance(200);
    await rig.quiesce();
    const all = await granted(rig, 0, tokenRequest(ACME, 99_990, 0));
    expect(all.held.tokens).toBe(99_990);
  });

  test('a worker that does not answer a recall cannot hold up the others for ever', async () => {
    const rig = new BudgetRig(tokensLimit(1_000), 2);
    (await granted(rig, 0, tokenRequest(ACME, 900, 0))).settle(spent(0));
    await rig.quiesce();
    let answer: unknown = 'none';
    const wait = async (): Promise<void> => {
      answer = await rig.workers[1]!.gate.reserve(tokenRequest(ACME, 900, 0));
    };
    void wait();
    // Worker 0 hangs: nothing of its line is delivered.
    const stuck = rig.workers[0]!.inTransit;
    for (let i = 0; i < 16; i++) {
      rig.virtual.advance(500);
      while (rig.workers[1]!.deliver());
      await rig.runDeferred();
      rig.fake.succeed();
      await settled();
      if (answer !== 'none') break;
    }
    expect(stuck.length).toBeGreaterThan(0);
    expect(answer).toMatchObject({ kind: 'refusal' });
  });
});
