import { describe, expect, test } from 'vitest';
import type { Rng } from '../../src/kernel/index.ts';
import { runAuctions } from './reputation-run.ts';
import type { Move, RunResult } from './reputation-run.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const between =
  (from: number, to: number) =>
  ({ served }: RunResult): number =>
    served.filter((request) => request >= from && request < to).length;
const always = (promisedMs: number, trueMs: number) => (): Move => ({ promisedMs, trueMs });

/** Takes three seconds, where its rival takes one and says so. */
const TRUE_MS = 3_000;
const LIES_MS = [900, 500, 100, 10, 0.01];

describe('who promises too much', () => {
  test.each(LIES_MS)('%s ms for 3 s: loses its traffic within 50 requests', (promisedMs) => {
    for (const seed of SEEDS) {
      const run = { requests: 150, seed, watched: always(promisedMs, TRUE_MS) };
      const result = runAuctions({ ...run, rival: always(1_000, 1_000) });
      expect(between(0, 50)(result)).toBeGreaterThan(5);
      expect(between(50, 150)(result)).toBe(0);
    }
  });

  test.each(LIES_MS.slice(0, 4))(
    '%s ms: wins it back by probes within 200 requests, once it mends',
    (promisedMs) => {
      for (const seed of SEEDS) {
        const mends = (request: number): Move =>
          request < 100 ? { promisedMs, trueMs: TRUE_MS } : { promisedMs: 800, trueMs: 800 };
        const run = { requests: 350, seed, watched: mends, rival: always(1_000, 1_000) };
        const result = runAuctions({ ...run, probeShare: 0.05 });
        expect(between(300, 350)(result)).toBe(50);
        expect(result.probes).toBeGreaterThan(0);
      }
    },
  );

  test('without probes it would have to wait for its record to fade', () => {
    const mends = (request: number): Move =>
      request < 100 ? { promisedMs: 100, trueMs: TRUE_MS } : { promisedMs: 800, trueMs: 800 };
    const run = { requests: 350, seed: 1, watched: mends, rival: always(1_000, 1_000) };
    expect(between(300, 350)(runAuctions(run))).toBe(0);
  });
});

/** Both are as fast as chance will have it, from 0.7 to 1.3 s, and each knows its own time beforehand. */
const drawn = (rng: Rng): number => 700 + 600 * rng.next();
const OPEN = (_request: number, rng: Rng): Move => {
  const trueMs = drawn(rng);
  return { promisedMs: trueMs, trueMs };
};

type Habit = (request: number, rng: Rng) => Move;
const HABITS: Readonly<Record<string, Habit>> = {
  honest: OPEN,
  grace: (_request, rng) => {
    const trueMs = drawn(rng);
    return { promisedMs: trueMs / 1.1, trueMs };
  },
  half: (_request, rng) => {
    const trueMs = drawn(rng);
    return { promisedMs: trueMs / 2, trueMs };
  },
  alternating: (request, rng) => {
    const trueMs = drawn(rng);
    return { promisedMs: request % 2 === 0 ? trueMs / 2 : trueMs, trueMs };
  },
  sleeping: (request, rng) => {
    const trueMs = drawn(rng);
    return { promisedMs: request % 250 < 200 ? trueMs : trueMs / 3, trueMs };
  },
};

/** The share of the requests, and the profit relative to that of an honest bidder, over all seeds. */
function cameTo(name: string): { readonly share: number; readonly profit: number } {
  let share = 0;
  let profit = 0;
  for (const seed of SEEDS) {
    const run = { requests: 1_500, seed, watched: HABITS[name]!, rival: OPEN };
    const { served, profitUsd } = runAuctions(run);
    share += served.length / 1_500 / SEEDS.length;
    profit += profitUsd;
  }
  return { share, profit };
}

describe('who games the record', () => {
  const honest = cameTo('honest');

  test('an honest one of two equals serves half', () => {
    expect(honest.share).toBeGreaterThan(0.47);
    expect(honest.share).toBeLessThan(0.53);
  });

  test('at the edge of the grace for ever it gets a tenth more traffic, and earns no more', () => {
    const { share, profit } = cameTo('grace');
    expect(share / honest.share).toBeLessThan(1.13);
    expect(share / honest.share).toBeGreaterThan(1);
    expect(profit).toBeLessThan(honest.profit);
  });

  test.each(['half', 'alternating', 'sleeping'])('%s earns less than honesty', (name) => {
    const { share, profit } = cameTo(name);
    expect(share / honest.share).toBeLessThan(1.2);
    expect(profit).toBeLessThan(0.99 * honest.profit);
  });
});
