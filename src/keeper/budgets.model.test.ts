import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOTHING } from '../contract/index.ts';
import type { BudgetRule, Refusal, Reservation, ReserveRequest } from '../contract/index.ts';
import { needAt } from './amounts.ts';
import { applicable } from './budget-scope.ts';
import { BudgetRig, isReservation, rule, settled, tokenRequest } from './fixtures/budget-rig.ts';

/** One request through its life, by steps of the run. */
interface Life {
  readonly request: ReserveRequest;
  readonly session: number;
  readonly keys: readonly string[];
  readonly from: number;
  /** When it was answered, and how; undecided when its worker was killed first. */
  answered: number | null;
  reservation: Reservation | null;
  refusal: Refusal | null;
  settledAt: number | null;
  spent: { tokens: number; picoUsd: number };
}

type Step =
  | { readonly do: 'reserve'; readonly place: number; readonly who: number; readonly size: number }
  | { readonly do: 'settle'; readonly which: number; readonly share: number }
  | { readonly do: 'deliver'; readonly place: number; readonly count: number }
  | { readonly do: 'report' | 'kill'; readonly place: number }
  | { readonly do: 'commit' | 'fail' | 'wait' | 'quiesce' }
  | { readonly do: 'jump'; readonly seconds: number }
  /** A reload: `which` of the lists of rules that the run knows. */
  | { readonly do: 'reload'; readonly which: number };

/** A long search: `BUDGET_RUNS=5000 npx vitest run src/keeper/budgets`. */
const RUNS = Number(process.env['BUDGET_RUNS'] ?? 120);
const place = fc.nat(1);
const moves: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Step> }[] = [
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('reserve'),
      place,
      who: fc.nat(3),
      size: fc.integer({ min: 0, max: 400 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      which: fc.nat(),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('deliver'),
      place,
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('commit') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('report'), place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('quiesce', 'wait') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill'), place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail') }) },
];
const jump = {
  weight: 3,
  arbitrary: fc.record({
    do: fc.constant('jump' as const),
    seconds: fc.integer({ min: -90, max: 120 }),
  }),
};
const reload = {
  weight: 2,
  arbitrary: fc.record({ do: fc.constant('reload' as const), which: fc.nat(3) }),
};
const steps = (extra: readonly (typeof jump | typeof reload)[]): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof(...moves, ...extra), { minLength: 10, maxLength: 90, size: 'max' });

const SPENDERS = [
  { tenant: 'acme', key: 'a1' },
  { tenant: 'acme', key: 'a2' },
  { tenant: 'other', key: 'o1', user: 'zoe' },
  { tenant: 'other', key: 'o1' },
];

/** Drives a rig through steps and remembers what every request came to. */
class Run {
  readonly rig: BudgetRig;
  readonly lives: Life[] = [];
  readonly killedAt = new Map<number, number>();
  /** What the keeper took for spent, by session and budget; final once the session is killed. */
  readonly reported = new Map<string, { tokens: number; picoUsd: number }>();
  now = 0;
  #failures = 0;
  #waits = 0;
  readonly #reloads: readonly (readonly BudgetRule[])[];

  constructor(rules: readonly BudgetRule[], reloads: readonly (readonly BudgetRule[])[] = []) {
    this.#reloads = reloads;
    this.rig = new BudgetRig(rules, 2);
    const { book } = this.rig;
    const spend = book.spend.bind(book);
    book.spend = (session, balance, sums) => {
      const key = `${session} ${balance.slice(0, balance.lastIndexOf('|'))}`;
      const sum = this.reported.get(key) ?? { tokens: 0, picoUsd: 0 };
      sum.tokens += Number(sums.tokens);
      sum.picoUsd += Number(sums.picoUsd);
      this.reported.set(key, sum);
      spend(session, balance, sums);
    };
  }

  async take(step: Step): Promise<void> {
    this.now++;
    const { rig } = this;
    switch (step.do) {
      case 'reserve':
        this.#reserve(step.place, step.who, step.size);
        break;
      case 'settle':
        this.#settle(step.which, step.share);
        break;
      case 'deliver':
        for (let i = 0; i < step.count; i++) rig.workers[step.place]!.deliver();
        break;
      case 'report':
        rig.workers[step.place]!.report();
        break;
      case 'kill':
        this.killedAt.set(rig.workers[step.place]!.session, this.now);
        rig.workers[step.place]!.crash();
        rig.start(step.place);
        break;
      case 'commit':
        await rig.runDeferred();
        rig.fake.succeed();
        break;
      case 'fail':
        if (this.#failures++ < 3) rig.fake.fail();
        break;
      case 'wait':
        // Not so long that a recall is given up.
        if (this.#waits++ < 3) rig.virtual.advance(500);
        break;
      case 'jump':
        rig.wallOffsetMs += step.seconds * 1000;
        break;
      case 'reload':
        rig.setRules(this.#reloads[step.which]!);
        break;
      case 'quiesce':
        await rig.quiesce();
    }
    await settled();
  }

  #reserve(where: number, who: number, size: number): void {
    const { rig } = this;
    const { gate, session } = rig.workers[where]!;
    const request = tokenRequest(SPENDERS[who]!, size % 50, size, Math.min(size, 10));
    const keys = applicable(rig.rules, request).map(({ key }) => key);
    const life: Life = {
      request,
      session,
      keys,
      from: this.now,
      answered: null,
      reservation: null,
      refusal: null,
      settledAt: null,
      spent: { tokens: 0, picoUsd: 0 },
    };
    this.lives.push(life);
    const answer = (result: Reservation | Refusal | null): void => {
      life.answered = this.now;
      if (isReservation(result)) life.reservation = result;
      else life.refusal = result;
    };
    const result = gate.reserve(request);
    if (result instanceof Promise) {
      result.then(answer, () => {
        life.answered = this.now;
      });
    } else answer(result);
  }

  #settle(which: number, share: number): void {
    const open = this.open();
    const life = open[which % Math.max(1, open.length)];
    if (life === undefined || life.reservation === null) return;
    const { held } = life.reservation;
    life.spent = {
      tokens: Math.floor(held.tokens * share),
      picoUsd: Math.floor(held.picoUsd * share),
    };
    life.settledAt = this.now;
    life.reservation.settle({ ...life.spent, microjoules: 0 });
  }

  isDead(life: Life): boolean {
    return this.killedAt.has(life.session);
  }

  /** Reserved, not settled, on a living worker. */
  open(): Life[] {
    return this.lives.filter(
      (life) => life.reservation !== null && life.settledAt === null && !this.isDead(life),
    );
  }

  async finish(): Promise<void> {
    const { rig } = this;
    // A commit that failed is tried again after a while.
    for (let i = 0; i < 8; i++) {
      await rig.quiesce();
      rig.virtual.advance(500);
    }
    await rig.quiesce();
    this.now++;
    for (const life of this.open()) {
      life.settledAt = this.now;
      life.reservation!.settle(NOTHING);
    }
    await rig.quiesce();
    // Slices that nobody uses go back.
    rig.virtual.advance(2_500);
    await rig.quiesce();
  }
}

/** Holds after every step, whatever the interleaving. */
function checkAlways(run: Run): void {
  const { rig } = run;
  expect(rig.faults).toEqual([]);
  for (const balance of rig.book.balances.values()) {
    const limits = rig.rules.find(({ id }) => id === balance.rule)!.limits;
    const tokens = balance.settled.tokens + balance.leased.tokens;
    const picoUsd = balance.settled.picoUsd + balance.leased.picoUsd;
    if (limits.tokens !== null) expect(tokens).toBeLessThanOrEqual(BigInt(limits.tokens));
    if (limits.picoUsd !== null) expect(picoUsd).toBeLessThanOrEqual(BigInt(limits.picoUsd));
    let leased = 0n;
    for (const lease of balance.leases.values()) {
      expect(lease.outstanding.tokens).toBeGreaterThanOrEqual(0n);
      expect(lease.outstanding.picoUsd).toBeGreaterThanOrEqual(0n);
      leased += lease.outstanding.tokens;
    }
    expect(balance.leased.tokens).toBe(leased);
  }
}

/** What requests hold or have used of a budget at a step, by all that came to be known. */
function takenAt(run: Run, key: string, step: number, except: Life) {
  const sum = { tokens: 0, picoUsd: 0 };
  const add = (amounts: { tokens: number; picoUsd: number }): void => {
    sum.tokens += amounts.tokens;
    sum.picoUsd += amounts.picoUsd;
  };
  for (const [session, killedAt] of run.killedAt) {
    if (killedAt <= step) add(run.reported.get(`${session} ${key}`) ?? NOTHING);
  }
  for (const life of run.lives) {
    const killedAt = run.killedAt.get(life.session) ?? Infinity;
    if (life === except || !life.keys.includes(key) || killedAt <= step) continue;
    if (life.from > step || life.refusal !== null) continue;
    if (life.reservation !== null) {
      add((life.settledAt ?? Infinity) <= step ? life.spent : life.reservation.held);
    } else if ((life.answered ?? Infinity) >= step) {
      add(needAt(life.request, life.request.ceilingTokens));
    }
  }
  return sum;
}

/** Whether at some step between asking and answer a budget could not cover the need at this ceiling. */
function wasShort(run: Run, life: Life, ceilingTokens: number): boolean {
  const need = needAt(life.request, ceilingTokens);
  for (let step = life.from; step <= life.answered!; step++) {
    for (const key of life.keys) {
      const { limits } = run.rig.rules.find(({ id }) => key.startsWith(`${id}|`))!;
      const taken = takenAt(run, key, step, life);
      if (taken.tokens + need.tokens > (limits.tokens ?? Infinity)) return true;
      if (taken.picoUsd + need.picoUsd > (limits.picoUsd ?? Infinity)) return true;
    }
  }
  return false;
}

const RULES = [
  rule('tenant', { tenant: '*' }, { tokens: 1_500 }),
  rule('key', { tenant: 'acme', key: '*' }, { picoUsd: 4_000 }),
  rule('user', { user: '*' }, { tokens: 1_200 }),
];

describe('budgets under random interleavings', () => {
  test('are never overspent, refuse nobody while slack remains, and lose nothing', async () => {
    let refusals = 0;
    let shrunk = 0;
    await fc.assert(
      fc.asyncProperty(steps([]), async (todo) => {
        const run = new Run(RULES);
        const { rig } = run;
        for (const step of todo) {
          await run.take(step);
          checkAlways(run);
          checkDurable(run);
        }
        await run.finish();
        checkAlways(run);

        for (const life of run.lives) {
          if (life.refusal !== null) {
            refusals++;
            expect(life.refusal.code).toBe('BRS_BUDGET_EXHAUSTED');
            expect(wasShort(run, life, life.request.ceilingTokensMin)).toBe(true);
          }
          const ceiling = life.reservation?.ceilingTokens ?? life.request.ceilingTokens;
          expect(ceiling).toBeGreaterThanOrEqual(life.request.ceilingTokensMin);
          if (ceiling < life.request.ceilingTokens) {
            shrunk++;
            expect(wasShort(run, life, life.request.ceilingTokens)).toBe(true);
          }
        }
        checkSums(run);
        expect(rig.book.hasChanges).toBe(false);
      }),
      { numRuns: RUNS },
    );
    // The run is of use only where budgets do run out.
    expect(refusals).toBeGreaterThan(50);
    expect(shrunk).toBeGreaterThan(50);
  });

  test('keep their periods apart while the clock jumps both ways', async () => {
    const rules = [
      rule('minute', { tenant: '*' }, { tokens: 800 }, 'minute'),
      rule('hour', { tenant: '*' }, { tokens: 3_000 }, 'hour'),
    ];
    await fc.assert(
      fc.asyncProperty(steps([jump]), async (todo) => {
        const run = new Run(rules);
        const { book } = run.rig;
        const grant = book.grant.bind(book);
        const newest = new Map<string, number>();
        book.grant = (session, balance, amounts) => {
          expect(balance.startMs).toBeGreaterThanOrEqual(newest.get(balance.rule) ?? 0);
          newest.set(balance.rule, balance.startMs);
          grant(session, balance, amounts);
        };
        for (const step of todo) {
          await run.take(step);
          checkAlways(run);
        }
        await run.finish();
        checkSums(run);
      }),
      { numRuns: RUNS / 2 },
    );
  });
});

describe('budgets while the policy changes', () => {
  const minute = (tokens: number): BudgetRule => ({
    ...rule('minute', { tenant: '*' }, { tokens }, 'minute'),
    carryOver: { shareRatio: 0.5, maxRatio: 0.4 },
  });
  const key = rule('key', { key: '*' }, { tokens: 900 }, 'hour');
  const reloads = [[minute(800), key], [minute(2_000), key], [minute(100), key], [key]];

  test('no grant goes past its limit and what was carried over; book and disk agree in the end', async () => {
    let carried = 0n;
    let lowered = 0;
    await fc.assert(
      fc.asyncProperty(steps([jump, reload]), async (todo) => {
        const run = new Run(reloads[0]!, reloads);
        const { rig } = run;
        const grant = rig.book.grant.bind(rig.book);
        rig.book.grant = (session, balance, amounts) => {
          grant(session, balance, amounts);
          const limit = rig.rules.find(({ id }) => id === balance.rule)?.limits.tokens;
          if (limit === undefined || limit === null || amounts.tokens === 0n) return;
          const taken = balance.settled.tokens + balance.leased.tokens;
          expect(taken).toBeLessThanOrEqual(BigInt(limit) + balance.carried.tokens);
          expect(balance.carried.tokens).toBeLessThanOrEqual(800n);
        };
        for (const step of todo) {
          await run.take(step);
          expect(rig.faults).toEqual([]);
          for (const balance of rig.book.balances.values()) {
            const limit =
              rig.rules.find(({ id }) => id === balance.rule)?.limits.tokens ?? Infinity;
            const taken = Number(balance.settled.tokens + balance.leased.tokens);
            if (taken > limit + Number(balance.carried.tokens)) lowered++;
          }
        }
        await run.finish();
        expect(rig.faults).toEqual([]);
        for (const { id, settled, leased, carried: more } of rig.book.balances.values()) {
          expect(leased.tokens).toBe(0n);
          expect(rig.fake.balances.get(id)?.tokens ?? 0n).toBe(settled.tokens);
          expect(rig.fake.balances.get(`+${id}`)?.tokens ?? 0n).toBe(more.tokens);
          carried += more.tokens;
        }
        expect(rig.fake.leases.size).toBe(0);
      }),
      { numRuns: RUNS / 2 },
    );
    // The run is of use only where something is carried over and limits fall below what is spent.
    expect(carried).toBeGreaterThan(1_000n);
    expect(lowered).toBeGreaterThan(3);
  });
});

/** After `kill -9` of everything, the store takes for spent at least what was spent and what was held. */
function checkDurable(run: Run): void {
  const sums = new Map<string, { tokens: number; picoUsd: number }>();
  for (const life of run.lives) {
    if (life.reservation === null || run.isDead(life)) continue;
    const used = life.settledAt === null ? life.reservation.held : life.spent;
    for (const key of life.keys) {
      const sum = sums.get(key) ?? { tokens: 0, picoUsd: 0 };
      sum.tokens += used.tokens;
      sum.picoUsd += used.picoUsd;
      sums.set(key, sum);
    }
  }
  for (const [key, sum] of sums) {
    const stored = run.rig.fake.taken(`${key}|0`);
    expect(stored.tokens).toBeGreaterThanOrEqual(BigInt(sum.tokens));
    expect(stored.picoUsd).toBeGreaterThanOrEqual(BigInt(sum.picoUsd));
  }
}

/** At rest: balances are the sums of what was spent, in the book and in the store. */
function checkSums(run: Run): void {
  const { rig } = run;
  const spent = new Map<string, number>();
  const add = (key: string, tokens: number): void =>
    void spent.set(key, (spent.get(key) ?? 0) + tokens);
  for (const life of run.lives) {
    if (run.isDead(life)) continue;
    for (const key of life.keys) add(key, life.spent.tokens);
  }
  for (const session of run.killedAt.keys()) {
    for (const [key, sum] of run.reported) {
      if (key.startsWith(`${session} `)) add(key.slice(key.indexOf(' ') + 1), sum.tokens);
    }
  }
  const found = new Map<string, number>();
  for (const { id, settled, rule: ruleId, scope } of rig.book.balances.values()) {
    const key = `${ruleId}|${scope}`;
    found.set(key, (found.get(key) ?? 0) + Number(settled.tokens));
    expect(rig.fake.balances.get(id)?.tokens ?? 0n).toBe(settled.tokens);
  }
  for (const [key, tokens] of spent) expect(found.get(key) ?? 0).toBe(tokens);
  for (const { leased } of rig.book.balances.values()) expect(leased.tokens).toBe(0n);
  expect(rig.fake.leases.size).toBe(0);
}
