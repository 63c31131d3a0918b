import { describe, expect, test } from 'vitest';
import type { Refusal, Reservation } from '../contract/index.ts';
import { BalanceBook } from './balance-book.ts';
import { BudgetRig, isReservation, rule, tokenRequest } from './fixtures/budget-rig.ts';

const LIMIT = 100n;
const RULES = [rule('b', {}, { tokens: Number(LIMIT) })];

/** What a worker asks for, and what it uses of it. */
interface Plan {
  readonly holds: number;
  readonly uses: number;
}

interface Options {
  /** How many workers may be killed. */
  readonly kills: number;
  /** The limits that a reload brings, at any step, in this order. */
  readonly limits: readonly bigint[];
}

const PLACES = [0, 1] as const;
type Place = (typeof PLACES)[number];
const WORKER_STEPS = ['reserve', 'deliver', 'settle', 'report', 'kill'] as const;
type Step = `${(typeof WORKER_STEPS)[number]} ${Place}` | 'commit' | `rules ${number}`;

/** One request of one worker, from its asking to the report of what it used. */
interface Life {
  hasAsked: boolean;
  answer: Reservation | Refusal | null;
  isSettled: boolean;
  isReported: boolean;
  isDead: boolean;
  /** What happened at the worker, in its order: its state follows from it. */
  readonly history: string[];
}

const microtasks = async (): Promise<void> => {
  for (let i = 0; i < 8; i++) await Promise.resolve();
};

/** Two workers with one request each; every step is one move of a worker, of the line or of the disk. */
class Interleaving {
  readonly rig: BudgetRig;
  readonly lives: readonly Life[];
  readonly #plans: readonly Plan[];
  readonly #options: Options;
  #rulesTaken = 0;
  #kills = 0;
  limit = LIMIT;
  limitHighest = LIMIT;
  /** A grant that went past the limit of its moment. */
  grantedOver: string | null = null;

  constructor(plans: readonly Plan[], options: Options) {
    this.#plans = plans;
    this.#options = options;
    this.rig = new BudgetRig(RULES, PLACES.length);
    this.lives = PLACES.map(() => ({
      hasAsked: false,
      answer: null,
      isSettled: false,
      isReported: false,
      isDead: false,
      history: [],
    }));
    const { book } = this.rig;
    const grant = book.grant.bind(book);
    book.grant = (session, balance, amounts) => {
      grant(session, balance, amounts);
      const taken = balance.settled.tokens + balance.leased.tokens;
      if (amounts.tokens > 0n && taken > this.limit) this.grantedOver = `${taken} of ${this.limit}`;
    };
  }

  steps(): Step[] {
    const { rig } = this;
    const steps: Step[] = [];
    for (const place of PLACES) {
      const life = this.lives[place]!;
      if (life.isDead) continue;
      if (!life.hasAsked) steps.push(`reserve ${place}`);
      if (rig.workers[place]!.inTransit.length > 0) steps.push(`deliver ${place}`);
      if (isReservation(life.answer) && !life.isSettled) steps.push(`settle ${place}`);
      if (life.isSettled && !life.isReported) steps.push(`report ${place}`);
      if (life.hasAsked && this.#kills < this.#options.kills) steps.push(`kill ${place}`);
    }
    if (rig.deferred.length + rig.fake.waiting.length > 0) steps.push('commit');
    if (this.#rulesTaken < this.#options.limits.length) steps.push(`rules ${this.#rulesTaken}`);
    return steps;
  }

  async take(step: Step): Promise<void> {
    const { rig } = this;
    const [what, which] = step.split(' ') as [string, string];
    if (what === 'commit') {
      for (const run of rig.deferred.splice(0)) run();
      await microtasks();
      rig.fake.succeed();
    } else if (what === 'rules') {
      this.#rulesTaken++;
      this.limit = this.#options.limits[Number(which)]!;
      if (this.limit > this.limitHighest) this.limitHighest = this.limit;
      rig.setRules([rule('b', {}, { tokens: Number(this.limit) })]);
    } else {
      this.#takeAt(Number(which) as Place, what as (typeof WORKER_STEPS)[number]);
    }
    await microtasks();
  }

  #takeAt(place: Place, what: (typeof WORKER_STEPS)[number]): void {
    const life = this.lives[place]!;
    const worker = this.rig.workers[place]!;
    const { holds, uses } = this.#plans[place]!;
    if (what === 'deliver') {
      life.history.push(`got ${worker.posted.at(-worker.inTransit.length)}`);
      worker.deliver();
      return;
    }
    life.history.push(what);
    if (what === 'reserve') {
      life.hasAsked = true;
      const asked = worker.gate.reserve(tokenRequest({ tenant: 'acme' }, holds, 0));
      void (async () => {
        life.answer = await asked;
      })();
    } else if (what === 'settle') {
      life.isSettled = true;
      (life.answer as Reservation).settle({ tokens: uses, picoUsd: 0, microjoules: 0 });
    } else if (what === 'report') {
      life.isReported = true;
      worker.report();
    } else {
      this.#kills++;
      life.isDead = true;
      worker.crash();
    }
  }

  /** What living workers hold or have used, and what the dead have reported. */
  owed(): bigint {
    let sum = 0n;
    for (const [place, { answer, isSettled, isDead }] of this.lives.entries()) {
      if (isDead || !isReservation(answer)) continue;
      sum += BigInt(isSettled ? this.#plans[place]!.uses : answer.held.tokens);
    }
    return sum;
  }

  /**
   * What tells states apart: what each worker has seen and done, what is under way, what the keeper
   * has in its book, and what is on disk. Orders of independent steps that lead to the same are one.
   */
  key(): string {
    const { rig } = this;
    const workers = this.lives.map((life, place) => {
      const { posted, inTransit } = rig.workers[place]!;
      return [life.history, inTransit.length > 0 ? posted.slice(-inTransit.length) : []];
    });
    const balances = [...rig.book.balances.values()].map(({ settled, leased, leases }) => [
      settled,
      leased,
      [...leases.values()].map(({ session, outstanding }) => [session, outstanding]),
    ]);
    const disk = [...rig.fake.balances.values(), ...rig.fake.leases.values()];
    const batches = rig.fake.waiting.map(({ batch }) => batch);
    return JSON.stringify(
      [workers, rig.asked, balances, disk, batches, rig.deferred.length, this.limit.toString()],
      (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
    );
  }
}

function checkState(run: Interleaving): void {
  const { rig } = run;
  expect(rig.faults).toEqual([]);
  expect(run.grantedOver).toBeNull();
  for (const balance of rig.book.balances.values()) {
    const taken = balance.settled.tokens + balance.leased.tokens;
    expect(taken).toBeLessThanOrEqual(run.limitHighest);
  }
  // `kill -9` of everything here: the next keeper finds at least what is owed, never more than was granted.
  const book = new BalanceBook((invariant) => expect.fail(invariant));
  book.restore([...rig.fake.balances.values()], [...rig.fake.leases.values()]);
  const restored = [...book.balances.values()].reduce((sum, one) => sum + one.settled.tokens, 0n);
  expect(restored).toBeGreaterThanOrEqual(run.owed());
  expect(restored).toBeLessThanOrEqual(run.limitHighest);
  expect([...book.balances.values()].every(({ leased }) => leased.tokens === 0n)).toBe(true);
}

/** At rest: every orphan is settled, nothing is held, and book and disk say the same. */
async function checkEnd(run: Interleaving): Promise<void> {
  const { rig } = run;
  await rig.quiesce();
  rig.virtual.advance(2_500);
  await rig.quiesce();
  checkState(run);
  for (const { hasAsked, isDead, answer } of run.lives) {
    if (hasAsked && !isDead) expect(answer).not.toBeNull();
  }
  for (const { id, settled, leased } of rig.book.balances.values()) {
    expect(leased.tokens).toBe(0n);
    expect(rig.fake.balances.get(id)?.tokens ?? 0n).toBe(settled.tokens);
    if (!run.lives.some(({ isDead }) => isDead)) expect(settled.tokens).toBe(run.owed());
  }
  expect(rig.fake.leases.size).toBe(0);
}

/** Goes through every reachable state, breadth first, each reached by replaying the steps that led to it. */
async function explore(plans: readonly Plan[], options: Options) {
  const seen = new Set<string>();
  const ends = { all: 0, killed: 0, refused: 0, bothServed: 0 };
  const replay = async (path: readonly Step[]): Promise<Interleaving> => {
    const run = new Interleaving(plans, options);
    for (const step of path) await run.take(step);
    return run;
  };
  let frontier: { readonly path: readonly Step[]; readonly steps: readonly Step[] }[] = [
    { path: [], steps: new Interleaving(plans, options).steps() },
  ];
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { path, steps } of frontier) {
      for (const step of steps) {
        const run = await replay([...path, step]);
        const key = run.key();
        if (seen.has(key)) continue;
        seen.add(key);
        checkState(run);
        next.push({ path: [...path, step], steps: run.steps() });
      }
      if (!steps.every((step) => step.startsWith('kill'))) continue;
      const run = await replay(path);
      await checkEnd(run);
      ends.all++;
      const { lives } = run;
      if (lives.some(({ isDead }) => isDead)) ends.killed++;
      if (lives.some(({ answer }) => answer !== null && !isReservation(answer))) ends.refused++;
      if (lives.every(({ answer }) => isReservation(answer))) ends.bothServed++;
    }
    frontier = next;
  }
  const found = { states: seen.size, ...ends };
  if (process.env['BUDGET_REPORT'] !== undefined)
    process.stdout.write(`${JSON.stringify(found)}\n`);
  return found;
}

const plan = (holds: number, uses: number): Plan => ({ holds, uses });
const BOTH_FIT = [plan(40, 10), plan(50, 50)];
const ONE_WAITS = [plan(60, 20), plan(60, 60)];
/** `BUDGET_RUNS=1 npx vitest run src/keeper/budgets.interleavings` kills either worker, and both. */
const KILLS = process.env['BUDGET_RUNS'] === undefined ? 1 : 2;

describe('budgets: every interleaving of two workers', () => {
  test('with a crash between any two steps, where both fit', async () => {
    const found = await explore(BOTH_FIT, { kills: KILLS, limits: [] });
    expect(found.bothServed).toBeGreaterThan(0);
    expect(found.killed).toBeGreaterThan(0);
    expect(found.states).toBeGreaterThan(500);
  }, 300_000);

  test('with a crash between any two steps, where one has to wait for what the other gives back', async () => {
    const found = await explore(ONE_WAITS, { kills: KILLS, limits: [] });
    expect(found.bothServed).toBeGreaterThan(0);
    expect(found.refused).toBeGreaterThan(0);
    expect(found.killed).toBeGreaterThan(0);
    expect(found.states).toBeGreaterThan(1_000);
  }, 300_000);

  // Tens of thousands of states.
  test.runIf(process.env['BUDGET_RUNS'] !== undefined).each([
    { name: 'lowered below what is held', limit: 30n },
    { name: 'raised', limit: 200n },
  ])(
    'while the limit is $name at any step',
    async ({ limit }) => {
      const found = await explore(ONE_WAITS, { kills: KILLS - 1, limits: [limit] });
      expect(found.refused).toBeGreaterThan(0);
      expect(found.states).toBeGreaterThan(500);
    },
    300_000,
  );
});
