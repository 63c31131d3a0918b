import { describe, expect, test } from 'vitest';
import type {
  AttemptsResult,
  AwardedDecision,
  Refusal,
  Reservation,
  ReserveRequest,
} from '../../src/contract/index.ts';
import type { DecisionId } from '../../src/kernel/index.ts';
import { BalanceBook } from '../../src/keeper/balance-book.ts';
import { BudgetRig, isReservation, rule } from '../../src/keeper/fixtures/budget-rig.ts';
import { actualAmounts, reserveRequestOf } from '../../src/keeper/reserve.ts';
import {
  auctionRng,
  holdAuction,
  quoteOf,
  randomAuction,
} from '../../src/market/fixtures/random-auctions.ts';
import { workloadOf } from '../../src/market/fixtures/request.ts';
import { withPayment } from '../../src/market/payment.ts';

/** A random auction that an owner has won, under the tariff `clearing`; null: another has. */
function clearingDecision(index: number): AwardedDecision | null {
  const auction = randomAuction(auctionRng(5, index));
  const quotes = new Map([...auction.truths].map(([id, truth]) => [id, quoteOf(truth)]));
  const award = holdAuction(auction, quotes);
  if (!award?.ranked[0]?.external) return null;
  const market = { tariff: 'clearing', ...auction.reserve };
  const { mandate } = auction;
  const workload = workloadOf({ id: `d-0-${index}` as DecisionId });
  return {
    workload,
    mandate,
    policy: { config: { market } },
    result: award,
  } as unknown as AwardedDecision;
}

/** The answer of the winner, which took so long and so much energy. */
function served(decision: AwardedDecision, latencyMs: number, joules: number): AttemptsResult {
  return withPayment(decision, {
    bid: decision.result.ranked[0]!,
    status: 'ok',
    httpStatus: 200,
    finishReason: 'stop',
    usage: { promptTokens: 10, cachedTokens: 0, outputTokens: 10, isEstimated: false },
    costPicoUsd: 0,
    energyMicrojoules: joules * 1e6,
    energySource: 'curve',
    ttftMs: null,
    totalMs: latencyMs,
    perTokenMs: null,
    attempts: [],
  });
}

const fixedOf = (decision: AwardedDecision): ReserveRequest['fixed'] =>
  reserveRequestOf(decision).fixed;

describe('a charge at the clearing price', () => {
  test('is at most what was reserved for it, and is not cut by it', () => {
    let seen = 0;
    let nearBound = 0;
    for (let index = 0; index < 3_000; index++) {
      const decision = clearingDecision(index);
      if (decision === null) continue;
      seen++;
      const fixed = fixedOf(decision);
      for (const [latencyMs, joules] of [
        [0, 0],
        [1, 0],
        [2_000, 100],
      ] as const) {
        const result = served(decision, latencyMs, joules);
        const { picoUsd } = result.payment!;
        const { maxCostUsd } = decision.mandate.limits;
        const most = maxCostUsd === null ? Infinity : Math.floor(maxCostUsd * 1e12);
        expect(result.costPicoUsd).toBe(Math.max(0, Math.min(picoUsd, most)));
        expect(picoUsd).toBeLessThanOrEqual(fixed.picoUsd);
        expect(actualAmounts(result, fixed).picoUsd).toBe(result.costPicoUsd);
        if (picoUsd > 0.99 * fixed.picoUsd) nearBound++;
      }
    }
    expect(seen).toBeGreaterThan(500);
    // The bound is reached, by an answer that took no time: nothing smaller would do.
    expect(nearBound).toBeGreaterThan(20);
  });
});

const STEPS = ['reserve', 'deliver', 'settle', 'report', 'kill'] as const;
type Step = `${(typeof STEPS)[number]} ${0 | 1}` | 'commit';

interface Life {
  hasAsked: boolean;
  answer: Reservation | Refusal | null;
  isSettled: boolean;
  isReported: boolean;
  isDead: boolean;
  readonly history: string[];
}

const microtasks = async (): Promise<void> => {
  for (let i = 0; i < 8; i++) await Promise.resolve();
};

/** Two workers, each with one request that is charged its payment, before one budget in USD. */
class TwoWorkers {
  readonly rig: BudgetRig;
  readonly lives: readonly Life[];
  readonly #decisions: readonly AwardedDecision[];
  #kills = 0;

  constructor(decisions: readonly AwardedDecision[], limit: number) {
    this.#decisions = decisions;
    this.rig = new BudgetRig([rule('b', {}, { picoUsd: limit })], decisions.length);
    const life = {
      hasAsked: false,
      answer: null,
      isSettled: false,
      isReported: false,
      isDead: false,
    };
    this.lives = decisions.map(() => ({ ...life, history: [] }));
  }

  steps(): Step[] {
    const { rig } = this;
    const steps: Step[] = [];
    for (const place of [0, 1] as const) {
      const life = this.lives[place]!;
      if (life.isDead) continue;
      if (!life.hasAsked) steps.push(`reserve ${place}`);
      if (rig.workers[place]!.inTransit.length > 0) steps.push(`deliver ${place}`);
      if (isReservation(life.answer) && !life.isSettled) steps.push(`settle ${place}`);
      if (life.isSettled && !life.isReported) steps.push(`report ${place}`);
      if (life.hasAsked && this.#kills === 0) steps.push(`kill ${place}`);
    }
    if (rig.deferred.length + rig.fake.waiting.length > 0) steps.push('commit');
    return steps;
  }

  async take(step: Step): Promise<void> {
    const { rig } = this;
    if (step === 'commit') {
      for (const run of rig.deferred.splice(0)) run();
      await microtasks();
      rig.fake.succeed();
    } else this.#takeAt(step);
    await microtasks();
  }

  #takeAt(step: Exclude<Step, 'commit'>): void {
    const [what, which] = step.split(' ') as [(typeof STEPS)[number], string];
    const place = Number(which);
    const life = this.lives[place]!;
    const worker = this.rig.workers[place]!;
    life.history.push(
      what === 'deliver' ? `got ${worker.posted.at(-worker.inTransit.length)}` : what,
    );
    if (what === 'deliver') worker.deliver();
    else if (what === 'reserve') {
      life.hasAsked = true;
      const request = {
        ...reserveRequestOf(this.#decisions[place]!),
        ceilingTokens: 0,
        ceilingTokensMin: 0,
      };
      const asked = worker.gate.reserve(request);
      void (async () => {
        life.answer = await asked;
      })();
    } else if (what === 'settle') {
      life.isSettled = true;
      const reservation = life.answer as Reservation;
      reservation.settle({ tokens: 0, microjoules: 0, picoUsd: this.charge(place) });
    } else if (what === 'report') {
      life.isReported = true;
      worker.report();
    } else {
      this.#kills++;
      life.isDead = true;
      worker.crash();
    }
  }

  /** The first is paid the most that it can be, the other something less. */
  charge(place: number): number {
    return served(this.#decisions[place]!, place === 0 ? 0 : 300, 0).costPicoUsd;
  }

  owed(): bigint {
    let sum = 0n;
    for (const [place, { answer, isSettled, isDead }] of this.lives.entries()) {
      if (isDead || !isReservation(answer)) continue;
      sum += BigInt(isSettled ? this.charge(place) : answer.held.picoUsd);
    }
    return sum;
  }

  key(): string {
    const { rig } = this;
    const workers = this.lives.map(({ history }, place) => {
      const { posted, inTransit } = rig.workers[place]!;
      return [history, inTransit.length > 0 ? posted.slice(-inTransit.length) : []];
    });
    const balances = [...rig.book.balances.values()].map(({ settled, leased }) => [
      settled,
      leased,
    ]);
    const disk = [...rig.fake.balances.values(), ...rig.fake.leases.values()];
    const batches = rig.fake.waiting.map(({ batch }) => batch);
    return JSON.stringify(
      [workers, rig.asked, balances, disk, batches, rig.deferred.length],
      (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
    );
  }
}

function checkState({ rig, owed }: { rig: BudgetRig; owed: bigint }, limit: bigint): void {
  expect(rig.faults).toEqual([]);
  for (const { settled, leased } of rig.book.balances.values()) {
    expect(settled.picoUsd + leased.picoUsd).toBeLessThanOrEqual(limit);
  }
  const book = new BalanceBook((invariant) => expect.fail(invariant));
  book.restore([...rig.fake.balances.values()], [...rig.fake.leases.values()]);
  const restored = [...book.balances.values()].reduce((sum, one) => sum + one.settled.picoUsd, 0n);
  expect(restored).toBeGreaterThanOrEqual(owed);
  expect(restored).toBeLessThanOrEqual(limit);
}

/** Every reachable state, breadth first, each reached by replaying the steps that led to it. */
async function explore(decisions: readonly AwardedDecision[], limit: number) {
  const seen = new Set<string>();
  const ends = { all: 0, refused: 0, bothServed: 0 };
  const first = new TwoWorkers(decisions, limit);
  let frontier = [{ path: [] as readonly Step[], steps: first.steps() }];
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { path, steps } of frontier) {
      for (const step of steps) {
        const run = new TwoWorkers(decisions, limit);
        for (const taken of [...path, step]) await run.take(taken);
        const key = run.key();
        if (seen.has(key)) continue;
        seen.add(key);
        checkState({ rig: run.rig, owed: run.owed() }, BigInt(limit));
        const following = run.steps();
        next.push({ path: [...path, step], steps: following });
        if (!following.every((one) => one.startsWith('kill'))) continue;
        ends.all++;
        if (run.lives.some(({ answer }) => answer !== null && !isReservation(answer)))
          ends.refused++;
        if (run.lives.every(({ answer }) => isReservation(answer))) ends.bothServed++;
      }
    }
    frontier = next;
  }
  return { states: seen.size, ...ends };
}

describe('under the tariff `clearing`, every interleaving of two workers with a crash between any two steps', () => {
  const won: AwardedDecision[] = [];
  for (let index = 0; won.length < 2; index++) {
    const decision = clearingDecision(index);
    if (decision !== null && served(decision, 300, 0).costPicoUsd > 0) won.push(decision);
  }
  const [a, b] = won.map((decision) => fixedOf(decision).picoUsd) as [number, number];

  test('never overspends a budget that both fit in', async () => {
    const found = await explore(won, a + b);
    expect(found.bothServed).toBeGreaterThan(0);
    expect(found.states).toBeGreaterThan(200);
  }, 60_000);

  test('nor one that is a pico-USD too small for both reserves', async () => {
    const found = await explore(won, a + b - 1);
    expect(found.refused + found.bothServed).toBeGreaterThan(0);
    expect(found.states).toBeGreaterThan(200);
  }, 60_000);
});
