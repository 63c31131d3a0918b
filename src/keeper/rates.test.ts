import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng, createVirtualClock, isPromise } from '../kernel/index.ts';
import type { VirtualClock } from '../kernel/index.ts';
import type { RateAmounts, SharedRate } from '../contract/index.ts';
import { RateDesk } from './rate-desk.ts';
import type { RateGrant, RateReport } from './rate-desk.ts';
import { RateSlices } from './rate-slices.ts';

const MINUTE_MS = 60_000;
const NAME = 'tenant/acme';

interface Worker {
  readonly session: number;
  readonly slices: RateSlices;
  readonly rate: () => SharedRate;
  readonly sent: RateReport[];
  isAlive: boolean;
}

/** Workers and their keeper; each message takes some of the time that `delayMs` says. */
class Rig {
  /** Wall time is of no consequence: it may jump. */
  readonly clock: VirtualClock = { ...createVirtualClock(), nowMs: () => Number.NaN };
  readonly workers: Worker[] = [];
  readonly desk = new RateDesk(this.clock, () => this.workers.filter((one) => one.isAlive).length);
  /** When requests were let in. */
  readonly admitted: number[] = [];
  limits: RateAmounts;
  delayMs: () => number;

  constructor(limits: RateAmounts, workers: number, delayMs: () => number = () => 0) {
    this.limits = limits;
    this.delayMs = delayMs;
    for (let i = 0; i < workers; i++) this.start();
  }

  start(): Worker {
    const session = this.workers.length;
    const sent: RateReport[] = [];
    // Messages of one direction stay in order.
    let lastMs = 0;
    const later = (run: () => void): void => {
      lastMs = Math.max(lastMs, this.clock.monotonicMs() + this.delayMs());
      this.clock.after(lastMs - this.clock.monotonicMs(), run);
    };
    const slices = new RateSlices(this.clock, (report) => {
      sent.push(report);
      later(() => {
        if (!worker.isAlive) return;
        const grant = this.desk.take(session, report);
        if (grant !== null) later(() => worker.isAlive && slices.onGrant(grant));
      });
    });
    const rate = (): SharedRate => slices.of(NAME, this.limits);
    const worker: Worker = { session, slices, rate, sent, isAlive: true };
    this.workers.push(worker);
    return worker;
  }

  kill(worker: Worker): void {
    worker.isAlive = false;
    this.desk.forget(worker.session);
  }

  /** One arrival; what is let in is written down when it is. */
  arrive(worker: Worker): void {
    const waitMs = worker.rate().admit();
    if (waitMs === 0) this.admitted.push(this.clock.monotonicMs());
    if (!isPromise(waitMs)) return;
    void waitMs.then(
      (ms) => ms === 0 && this.admitted.push(this.clock.monotonicMs()),
      () => {},
    );
  }

  /** How long the worker says that one has to wait. */
  async waitOf(worker: Worker): Promise<number> {
    const waitMs = worker.rate().admit();
    await this.pass(0);
    return waitMs;
  }

  /** Everything happens in its own time, what it settles included. */
  async pass(ms: number): Promise<void> {
    let isOver = false;
    const end = (): boolean => (isOver = true);
    this.clock.after(ms, end);
    while (!isOver) {
      this.clock.step();
      for (let i = 0; i < 3; i++) await Promise.resolve();
    }
    // A question and its answer, where messages take no time.
    for (let i = 0; i < 2; i++) {
      this.clock.advance(0);
      await Promise.resolve();
    }
  }
}

/** The most above what one bucket lets through in any window: at most zero where the limit is kept. */
function excessOf(unordered: readonly number[], perMinute: number, over = 0): number {
  const times = unordered.toSorted((a, b) => a - b);
  let worst = Number.NEGATIVE_INFINITY;
  for (let from = 0; from < times.length; from++) {
    for (let to = from; to < times.length; to++) {
      const minutes = (times[to]! - times[from]!) / MINUTE_MS;
      worst = Math.max(worst, to - from + 1 - perMinute * (1 + minutes) - over);
    }
  }
  return worst;
}

const requests = (perMinute: number): RateAmounts => ({ requests: perMinute, tokens: Infinity });

interface Life {
  readonly seed: number;
  readonly limit: number;
  readonly workers: number;
  /** Arrivals in a minute, of all workers. */
  readonly perMinute: number;
  readonly delayMs: number;
}

const lives = fc.record({
  seed: fc.nat(),
  limit: fc.integer({ min: 1, max: 300 }),
  workers: fc.integer({ min: 1, max: 6 }),
  perMinute: fc.integer({ min: 10, max: 900 }),
  delayMs: fc.constantFrom(0, 2, 50, 1_500),
});

async function live(
  { seed, limit, workers, perMinute, delayMs }: Life,
  happen: (rig: Rig, event: number) => void = () => {},
): Promise<Rig> {
  const rng = createRng(seed);
  const rig = new Rig(requests(limit), workers, () => delayMs * rng.next());
  const endMs = 2.5 * MINUTE_MS;
  while (rig.clock.monotonicMs() < endMs) {
    await rig.pass((rng.next() * 2 * MINUTE_MS) / perMinute);
    happen(rig, rng.next());
    const alive = rig.workers.filter(({ isAlive }) => isAlive);
    // A few workers get most of it, as with long connections.
    rig.arrive(alive[Math.floor(rng.next() ** 2 * alive.length)]!);
  }
  return rig;
}

describe('requests per minute, of all workers together', () => {
  test('random arrivals at random workers: no window holds more than one bucket lets through', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        const { admitted } = await live(life);
        expect(excessOf(admitted, life.limit)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 60 },
    );
  });

  test('so it is while workers are killed and replaced', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        const { admitted } = await live(life, (rig, event) => {
          if (event > 0.02) return;
          const alive = rig.workers.filter(({ isAlive }) => isAlive);
          rig.kill(alive[Math.floor((event / 0.02) * alive.length)]!);
          rig.start();
        });
        expect(excessOf(admitted, life.limit)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    [6, 2],
    [60, 4],
    [600, 8],
    [6_000, 4],
  ])('of %i per minute, one busy worker of %i gets nearly all', async (limit, workers) => {
    const rig = new Rig(requests(limit), workers, () => 1);
    // The others have been busy before.
    for (const worker of rig.workers.slice(1)) for (let i = 0; i < 3; i++) rig.arrive(worker);
    await rig.pass(MINUTE_MS + 2_000);
    rig.admitted.length = 0;
    const stepMs = MINUTE_MS / (limit * 3);
    const startMs = rig.clock.monotonicMs();
    while (rig.clock.monotonicMs() < startMs + MINUTE_MS) {
      rig.arrive(rig.workers[0]!);
      if (rig.admitted.length % 50 === 7) rig.arrive(rig.workers[1]!);
      await rig.pass(stepMs);
    }
    // A bucket that was full, and what comes in within the minute.
    expect(rig.admitted.length).toBeGreaterThanOrEqual(0.9 * 2 * limit);
    expect(excessOf(rig.admitted.slice(0, 3_000), limit)).toBeLessThanOrEqual(1e-6);
  });

  test('what a lost worker held comes back within a minute, and not before', async () => {
    const rig = new Rig(requests(60), 2);
    const [lost, other] = rig.workers as [Worker, Worker];
    for (let i = 0; i < 20; i++) {
      rig.arrive(lost);
      await rig.pass(0);
    }
    const held = 60 - rig.admitted.length;
    rig.kill(lost);
    const drain = async (): Promise<number> => {
      const before = rig.admitted.length;
      for (let i = 0; i < 100; i++) {
        rig.arrive(other);
        await rig.pass(0);
      }
      return rig.admitted.length - before;
    };
    expect(await drain()).toBeLessThan(held);
    await rig.pass(MINUTE_MS);
    expect(await drain()).toBe(60);
  });

  test('the time to wait is true: then there is one', async () => {
    const rig = new Rig(requests(6), 2);
    const [first, second] = rig.workers as [Worker, Worker];
    for (let i = 0; i < 6; i++) {
      rig.arrive(i % 2 === 0 ? first : second);
      await rig.pass(0);
    }
    expect(rig.admitted).toHaveLength(6);
    const waitMs = await rig.waitOf(first);
    expect(waitMs).toBeGreaterThan(9_000);
    expect(waitMs).toBeLessThanOrEqual(10_000);
    await rig.pass(waitMs / 2);
    // In the meantime it says how long it still is, to either worker.
    expect(await rig.waitOf(second)).toBeCloseTo(waitMs / 2, 0);
    await rig.pass(waitMs / 2);
    expect(await rig.waitOf(first)).toBe(0);
    expect(await rig.waitOf(second)).toBeGreaterThan(9_000);
  });

  test('a client that keeps asking in vain is answered without the keeper', async () => {
    const rig = new Rig(requests(1), 2);
    const [worker] = rig.workers as [Worker];
    for (let i = 0; i < 1_000; i++) {
      rig.arrive(worker);
      await rig.pass(1);
    }
    expect(rig.admitted).toHaveLength(1);
    expect(worker.sent.length).toBeLessThan(8);
  });

  test('a busy worker asks for many at once, and ahead', async () => {
    const rig = new Rig(requests(60_000), 4, () => 1);
    const [worker] = rig.workers as [Worker];
    let awaited = 0;
    for (let i = 0; i < 10_000; i++) {
      const waitMs = worker.rate().admit();
      if (isPromise(waitMs)) awaited++;
      await rig.pass(1);
    }
    expect(worker.sent.length).toBeLessThan(200);
    expect(awaited).toBeLessThan(20);
  });

  test('a reload: a lower limit holds at once, a higher one fills up', async () => {
    const rig = new Rig(requests(600), 2);
    const [first, second] = rig.workers as [Worker, Worker];
    for (let i = 0; i < 50; i++) {
      rig.arrive(first);
      rig.arrive(second);
      await rig.pass(0);
    }
    rig.limits = requests(6);
    rig.admitted.length = 0;
    for (let i = 0; i < 100; i++) {
      rig.arrive(first);
      rig.arrive(second);
      await rig.pass(0);
    }
    expect(rig.admitted.length).toBeLessThanOrEqual(6);
    rig.limits = requests(600);
    rig.arrive(first);
    await rig.pass(30_000);
    rig.admitted.length = 0;
    for (let i = 0; i < 600; i++) {
      rig.arrive(first);
      await rig.pass(0);
    }
    expect(rig.admitted.length).toBeGreaterThan(280);
    expect(rig.admitted.length).toBeLessThanOrEqual(306);
  });

  test('what is granted of a limit that has changed in the meantime goes back', async () => {
    const rig = new Rig(requests(60_000), 2, () => 50);
    const [first, second] = rig.workers as [Worker, Worker];
    const asked = (): number => first.sent.filter(({ ask }) => ask !== null).length;
    for (let i = 0, before = 0; i < 2_000 || asked() === before; i++) {
      before = asked();
      rig.arrive(first);
      await rig.pass(1);
    }
    rig.limits = requests(6);
    rig.admitted.length = 0;
    for (let i = 0; i < 200; i++) {
      rig.arrive(first);
      rig.arrive(second);
      await rig.pass(5);
    }
    expect(rig.admitted.length).toBeGreaterThanOrEqual(1);
    expect(rig.admitted.length).toBeLessThanOrEqual(6);
  });

  test('a keeper that answers late, but always in time, is not given up', async () => {
    const rig = new Rig(requests(600), 2, () => 900);
    const [worker] = rig.workers as [Worker];
    const failures: unknown[] = [];
    for (let i = 0; i < 400; i++) {
      const entering = worker.rate().admit();
      if (isPromise(entering)) entering.catch((error) => failures.push(error));
      await rig.pass(25);
    }
    expect(failures).toEqual([]);
  });

  test('a keeper that does not answer is told of, and an answer that is late is not lost', async () => {
    const rig = new Rig(requests(6), 2, () => 4_900);
    const [worker] = rig.workers as [Worker];
    const entering = worker.rate().admit();
    const outcome = Promise.resolve(entering).catch((error: Error) => error);
    await rig.pass(2_000);
    expect(await outcome).toMatchObject({ code: 'BRS_KEEPER_LOST' });
    await rig.pass(7_850);
    expect(worker.rate().admit()).toBe(0);
    worker.slices.onKeeperLost();
    await expect(worker.rate().admit()).rejects.toMatchObject({ code: 'BRS_KEEPER_LOST' });
  });

  test('a worker that leaves gives back what it has', async () => {
    const rig = new Rig(requests(100), 2);
    const [first, second] = rig.workers as [Worker, Worker];
    for (let i = 0; i < 10; i++) {
      rig.arrive(first);
      await rig.pass(0);
    }
    first.slices.close();
    await rig.pass(0);
    for (let i = 0; i < 200; i++) {
      rig.arrive(second);
      await rig.pass(0);
    }
    expect(rig.admitted).toHaveLength(100);
  });
});

describe('what an instance allows, of all workers together', () => {
  test('each worker may be one request ahead of the keeper, and no more', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async ({ seed, limit, workers, perMinute, delayMs }) => {
        const rng = createRng(seed);
        const rig = new Rig(requests(limit), workers, () => delayMs * rng.next());
        const times: number[] = [];
        while (rig.clock.monotonicMs() < 2.5 * MINUTE_MS) {
          await rig.pass((rng.next() * 2 * MINUTE_MS) / perMinute);
          const rate = rig.workers[Math.floor(rng.next() ** 2 * workers)]!.rate();
          if (!rate.hasRoom()) continue;
          rate.take(0);
          times.push(rig.clock.monotonicMs());
        }
        expect(excessOf(times, limit, workers)).toBeLessThanOrEqual(1e-6);
      }),
      {
        numRuns: 60,
        // One goes ahead after the question to which the answer is nothing.
        examples: [[{ seed: 0, limit: 5, workers: 2, perMinute: 489, delayMs: 1_500 }]],
      },
    );
  });

  test('the first request of each worker waits for nobody', () => {
    const rig = new Rig({ requests: 10, tokens: 1_000 }, 3, () => 5);
    for (const worker of rig.workers) {
      expect(worker.rate().hasRoom()).toBe(true);
      worker.rate().take(10);
      expect(worker.rate().hasRoom()).toBe(false);
    }
  });

  test('tokens may be overdrawn by the last request, and are made up for by all', async () => {
    const rig = new Rig({ requests: Infinity, tokens: 600 }, 2);
    const [first, second] = rig.workers as [Worker, Worker];
    first.rate().take(100);
    await rig.pass(0);
    expect(first.rate().hasRoom()).toBe(true);
    first.rate().take(800);
    await rig.pass(0);
    expect(first.rate().hasRoom()).toBe(false);
    // The other one finds out with its first request.
    second.rate().take(60);
    await rig.pass(0);
    expect(second.rate().hasRoom()).toBe(false);
    expect(second.rate().roomAfterMs()).toBeCloseTo(36_100, -2);
    // 960 were used of 600: half a minute pays 300 of the 360 that are owed.
    await rig.pass(30_000);
    for (const worker of rig.workers) expect(worker.rate().hasRoom()).toBe(false);
    await rig.pass(6_500);
    for (const worker of rig.workers) worker.rate().hasRoom();
    await rig.pass(0);
    expect(rig.workers.some((worker) => worker.rate().hasRoom())).toBe(true);
  });

  test('tokens that one worker uses are nearly all', async () => {
    const rig = new Rig({ requests: Infinity, tokens: 60_000 }, 4, () => 1);
    const [worker] = rig.workers as [Worker];
    let used = 0;
    while (rig.clock.monotonicMs() < MINUTE_MS) {
      if (worker.rate().hasRoom()) {
        worker.rate().take(500);
        used += 500;
      }
      await rig.pass(20);
    }
    expect(used).toBeGreaterThan(0.9 * 120_000);
    expect(used).toBeLessThanOrEqual(120_000 + 500);
  });
});

test('what a lost worker held had no room to fill', () => {
  const clock = createVirtualClock();
  const desk = new RateDesk(clock, () => 2);
  const none = { requests: 0, tokens: 0 };
  const ask = (session: number, need: number): RateGrant => {
    const want = { requests: need, tokens: 0 };
    const report = { name: NAME, limits: requests(2), used: none, returned: none };
    return desk.take(session, { ...report, ask: { need, want } })!;
  };
  expect(ask(0, 2).granted.requests).toBe(2);
  clock.advance(30_000);
  desk.forget(0);
  expect(ask(1, 1)).toMatchObject({ granted: { requests: 0 }, waitMs: 30_000 });
  clock.advance(30_000);
  expect(ask(1, 1).granted.requests).toBe(1);
});

test('limits of many names are forgotten when they are full again', () => {
  const clock = createVirtualClock();
  const desk = new RateDesk(clock, () => 1);
  const report = (name: string): RateReport => ({
    name,
    limits: requests(1),
    used: { requests: 1, tokens: 0 },
    returned: { requests: 0, tokens: 0 },
    ask: { need: 1, want: { requests: 1, tokens: 0 } },
  });
  const ask = (name: string): RateGrant => desk.take(0, report(name))!;
  for (let i = 0; i < 5_000; i++) expect(ask(`tenant/${i}`).waitMs).toBeGreaterThan(0);
  // None of them was full: a limit that is used up is never forgotten.
  expect(ask('tenant/0').waitMs).toBeGreaterThan(60_000);
});
