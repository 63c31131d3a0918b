import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { powerWatts } from '../estimate/index.ts';
import { createRng, createVirtualClock } from '../kernel/index.ts';
import type { VirtualClock } from '../kernel/index.ts';
import type { EngineModel, SequenceResult } from './engine-model.ts';
import type { EngineSpec } from './engine-spec.ts';
import { createEngineModel } from './engine-model.ts';
import { promptBlocks } from './prompt-blocks.ts';
import type { PromptBlocks } from './prompt-blocks.ts';

const SPEC: EngineSpec = {
  weightReadMs: 8,
  perSequenceMs: 0.65,
  admissionMs: 0,
  jitterRatio: 0,
  prefillTokensPerIteration: 64,
  maxRunning: 8,
  kvBlocks: 64,
  blockSize: 16,
  power: { idleWatts: 100, peakWatts: 400, gpus: 2, steepness: 1, midpoint: 4.2 },
};

interface Rig {
  readonly clock: VirtualClock;
  readonly engine: EngineModel;
}

function rig(changes: Partial<EngineSpec> = {}, seed = 1): Rig {
  const clock = createVirtualClock();
  const spec = { ...SPEC, ...changes };
  return { clock, engine: createEngineModel({ clock, rng: createRng(seed), spec }) };
}

/** A prompt of its own: no two seeds share a block. */
const prompt = (tokens: number, seed: number): PromptBlocks =>
  promptBlocks(
    Array.from({ length: tokens }, (_, i) => seed * 100_003 + i),
    16,
    0,
  );

interface Run {
  readonly tokenTimes: number[];
  readonly ends: SequenceResult[];
  readonly cancel: () => void;
}

function submit(
  { engine }: Rig,
  blocks: PromptBlocks,
  outputTokens: number,
  priority?: number,
): Run {
  const tokenTimes: number[] = [];
  const ends: SequenceResult[] = [];
  const handle = engine.submit({
    prompt: blocks,
    outputTokens,
    ...(priority !== undefined && { priority }),
    onToken: (index, atMs) => {
      expect(index).toBe(tokenTimes.length);
      tokenTimes.push(atMs);
    },
    onEnd: (result) => ends.push(result),
  });
  return { tokenTimes, ends, cancel: () => handle.cancel() };
}

function runToEnd({ clock }: Rig, stepsMax = 100_000): void {
  let steps = 0;
  while (clock.step()) expect(++steps).toBeLessThan(stepsMax);
}

describe('time', () => {
  test.each([1, 3, 8])('an iteration of %i sequences takes W + H·n', (n) => {
    const fleet = rig();
    const runs = Array.from({ length: n }, (_, i) => submit(fleet, prompt(8, i), 5));
    runToEnd(fleet);
    const lawMs = 8 + 0.65 * n;
    for (const run of runs) {
      expect(run.tokenTimes).toEqual([1, 2, 3, 4, 5].map((k) => expect.closeTo(k * lawMs, 9)));
    }
  });

  test('a prompt takes one iteration per chunk, and others decode meanwhile', () => {
    const fleet = rig();
    const short = submit(fleet, prompt(8, 1), 10);
    const long = submit(fleet, prompt(200, 2), 2);
    runToEnd(fleet);
    // 208 tokens, 64 at a time, shared by both: the short one is through after the first chunk.
    expect(long.tokenTimes[0]).toBeCloseTo(4 * (8 + 2 * 0.65), 9);
    expect(short.tokenTimes.slice(0, 4)).toEqual(
      [1, 2, 3, 4].map((k) => expect.closeTo(k * 9.3, 9)),
    );
  });

  test('the scheduler sees a sequence after the admission time, and an idle engine has no timer', () => {
    const fleet = rig({ admissionMs: 30 });
    expect(fleet.clock.step()).toBe(false);
    const run = submit(fleet, prompt(10, 1), 1);
    runToEnd(fleet);
    expect(run.tokenTimes).toEqual([expect.closeTo(38.65, 9)]);
    expect(fleet.clock.step()).toBe(false);
  });

  test('a late timer loses no accuracy: iterations keep their own times', () => {
    const exact = rig();
    const a = submit(exact, prompt(100, 1), 20);
    runToEnd(exact);
    // A clock whose timers fire 17 ms late.
    const base = createVirtualClock();
    const late = { ...base, after: (ms: number, run: () => void) => base.after(ms + 17, run) };
    const engine = createEngineModel({ clock: late, rng: createRng(1), spec: SPEC });
    const b = submit({ clock: base, engine }, prompt(100, 1), 20);
    while (base.step());
    expect(b.tokenTimes).toEqual(a.tokenTimes);
    expect(b.ends[0]!.endedAtMs).toBe(a.ends[0]!.endedAtMs);
  });

  test('slower by a factor', () => {
    const fleet = rig();
    fleet.engine.setSlowdown(10);
    const run = submit(fleet, prompt(10, 1), 1);
    runToEnd(fleet);
    expect(run.tokenTimes[0]).toBeCloseTo(86.5, 9);
  });

  test('one seed, one history; another seed, another', () => {
    const history = (seed: number): number[] => {
      const fleet = rig({ jitterRatio: 0.3 }, seed);
      const runs = [1, 2, 3].map((i) => submit(fleet, prompt(40 * i, i), 10 * i));
      runToEnd(fleet);
      return runs.flatMap((run) => run.tokenTimes);
    };
    expect(history(7)).toEqual(history(7));
    expect(history(7)).not.toEqual(history(8));
  });
});

describe('queue', () => {
  test('no more than maxRunning run; the rest wait their turn', () => {
    const fleet = rig({ maxRunning: 2 });
    const runs = [1, 2, 3].map((i) => submit(fleet, prompt(16, i), 10));
    fleet.clock.advance(20);
    expect(fleet.engine.stats()).toMatchObject({ running: 2, waiting: 1 });
    runToEnd(fleet);
    expect(runs[2]!.ends[0]!.startedAtMs).toBe(runs[0]!.ends[0]!.endedAtMs);
  });

  test('a prompt waits until those before it leave some of an iteration, and lengthens none until then', () => {
    const fleet = rig();
    const first = submit(fleet, prompt(200, 1), 1);
    const second = submit(fleet, prompt(64, 2), 1);
    fleet.clock.advance(10);
    expect(fleet.engine.stats()).toMatchObject({ running: 1, waiting: 1 });
    runToEnd(fleet);
    // Three whole chunks alone; the fourth has room for 56 tokens of the second, whose rest is the fifth.
    expect(first.tokenTimes[0]).toBeCloseTo(3 * 8.65 + 9.3, 9);
    expect(second.tokenTimes[0]).toBeCloseTo(3 * 8.65 + 9.3 + 8.65, 9);
  });

  test.each(['fcfs', 'priority'] as const)('by %s: who is taken next', (scheduling) => {
    const fleet = rig({ scheduling, maxRunning: 1 });
    submit(fleet, prompt(64, 1), 5);
    fleet.clock.advance(1);
    const runs = [7, -3, 7, 0].map((priority, i) => submit(fleet, prompt(16, 2 + i), 3, priority));
    runToEnd(fleet);
    const order = runs
      .map((run, i) => ({ i, atMs: run.ends[0]!.startedAtMs! }))
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ i }) => i);
    expect(order).toEqual(scheduling === 'fcfs' ? [0, 1, 2, 3] : [1, 3, 0, 2]);
  });

  test('by priority, memory is taken from the last in the order, whenever it came', () => {
    const fleet = rig({ scheduling: 'priority', kvBlocks: 8 });
    const late = submit(fleet, prompt(48, 1), 40, 9);
    fleet.clock.advance(1);
    const early = submit(fleet, prompt(48, 2), 40, 1);
    runToEnd(fleet);
    expect(fleet.engine.stats().preemptions).toBeGreaterThan(0);
    expect(early.ends[0]!.endedAtMs).toBeLessThan(late.ends[0]!.endedAtMs);
    expect(late.tokenTimes).toHaveLength(40);
  });

  test('a full KV memory makes the next one wait, and counts what is held', () => {
    const fleet = rig({ kvBlocks: 10 });
    const first = submit(fleet, prompt(96, 1), 32);
    const second = submit(fleet, prompt(80, 2), 16);
    fleet.clock.advance(15);
    expect(fleet.engine.stats()).toMatchObject({ running: 1, waiting: 1, kvUsageRatio: 0.6 });
    runToEnd(fleet);
    expect(second.ends[0]!.startedAtMs).toBe(first.ends[0]!.endedAtMs);
    expect(fleet.engine.stats().kvUsedBlocks).toBe(0);
  });

  test('a sequence that could never fit is refused by name', () => {
    const fleet = rig({ kvBlocks: 4 });
    expect(fleet.engine.fits(60, 4)).toBe(true);
    expect(fleet.engine.fits(60, 5)).toBe(false);
    expect(() => submit(fleet, prompt(60, 1), 5)).toThrow('fits in KV memory');
  });

  test('a cancelled sequence ends once, at once, and frees its memory', () => {
    const fleet = rig();
    const run = submit(fleet, prompt(32, 1), 100);
    fleet.clock.advance(50);
    run.cancel();
    run.cancel();
    expect(run.ends).toMatchObject([{ reason: 'cancelled', endedAtMs: 50 }]);
    expect(fleet.engine.stats()).toMatchObject({ running: 0, kvUsedBlocks: 0 });
    runToEnd(fleet);
    expect(run.ends).toHaveLength(1);
  });

  test('callbacks may submit and cancel', () => {
    const fleet = rig();
    const other = submit(fleet, prompt(16, 1), 50);
    let follower: Run | null = null;
    fleet.engine.submit({
      prompt: prompt(16, 2),
      outputTokens: 3,
      onToken: (index) => {
        if (index === 1) other.cancel();
      },
      onEnd: () => {
        follower = submit(fleet, prompt(16, 3), 2);
      },
    });
    runToEnd(fleet);
    expect(other.ends).toMatchObject([{ reason: 'cancelled' }]);
    expect(follower!).toMatchObject({ ends: [{ reason: 'done', outputTokens: 2 }] });
  });
});

describe('prefix cache', () => {
  test('a later equal prompt computes its last block only; another one hits nothing', () => {
    const fleet = rig();
    const results = [prompt(64, 1), prompt(64, 1), prompt(70, 1), prompt(64, 2)].map((blocks) => {
      const run = submit(fleet, blocks, 1);
      runToEnd(fleet);
      return run.ends[0]!.cachedTokens;
    });
    expect(results).toEqual([0, 48, 64, 0]);
    expect(fleet.engine.stats()).toMatchObject({
      prefixQueriesTotal: 64 + 64 + 70 + 64,
      prefixHitsTotal: 48 + 64,
      promptTokensTotal: 262,
      generationTokensTotal: 4,
    });
  });

  test('a hit saves prefill time', () => {
    const fleet = rig();
    const ttft = [1, 2].map(() => {
      const run = submit(fleet, prompt(512, 1), 1);
      runToEnd(fleet);
      return run.ends[0]!.firstTokenAtMs! - run.ends[0]!.arrivedAtMs;
    });
    expect(ttft[0]).toBeCloseTo(8 * 8.65, 9);
    expect(ttft[1]).toBeCloseTo(8.65, 9);
  });

  test('the least recently used blocks are evicted first', () => {
    const fleet = rig({ kvBlocks: 10 });
    const cached = [1, 2, 1, 3, 1, 2].map((seed) => {
      const run = submit(fleet, prompt(64, seed), 1);
      runToEnd(fleet);
      return run.ends[0]!.cachedTokens;
    });
    // A run holds 4 blocks and leaves them behind. By the last run, the others have taken the last two
    // blocks of prompt 2: the tail of a prefix goes before its head.
    expect(cached).toEqual([0, 0, 48, 0, 48, 32]);
  });
});

describe('energy', () => {
  test('idle and busy power over time, against the closed form', () => {
    const fleet = rig();
    fleet.clock.advance(1000);
    expect(fleet.engine.stats().energyJoules).toBeCloseTo(200, 9);
    const runs = [1, 2].map((i) => submit(fleet, prompt(16, i), 10));
    runToEnd(fleet);
    const iterationMs = 8 + 2 * 0.65;
    // The pass that computes both prompts, and nine that decode.
    const busyJoules =
      ((powerWatts(SPEC.power, 32) + 9 * powerWatts(SPEC.power, 2)) * iterationMs) / 1000;
    expect(fleet.engine.stats().energyJoules).toBeCloseTo(200 + busyJoules, 9);
    fleet.clock.advance(500);
    expect(fleet.engine.stats().energyJoules).toBeCloseTo(300 + busyJoules, 9);
    expect(runs[0]!.ends[0]!.energyJoules).toBeCloseTo(busyJoules / 2, 9);
  });
});

describe('any arrivals', () => {
  const arrival = fc.record({
    gapMs: fc.double({ min: 0, max: 60, noNaN: true }),
    tokens: fc.integer({ min: 1, max: 400 }),
    family: fc.integer({ min: 0, max: 3 }),
    outputTokens: fc.integer({ min: 0, max: 80 }),
    cancelAfterMs: fc.option(fc.double({ min: 0, max: 400, noNaN: true })),
  });

  test('every sequence ends once, memory returns to zero, energy is shared out whole', () => {
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 40 }), fc.integer(), (arrivals, seed) => {
        // Without idle power, all energy is the sequences' own.
        const power = { ...SPEC.power, idleWatts: 0 };
        const limits = { kvBlocks: 40, maxRunning: 4, jitterRatio: 0.2, admissionMs: 3 };
        const fleet = rig({ ...limits, power }, seed);
        const runs: Run[] = [];
        let atMs = 0;
        for (const { gapMs, tokens, family, outputTokens, cancelAfterMs } of arrivals) {
          atMs += gapMs;
          fleet.clock.after(atMs, () => {
            const run = submit(fleet, prompt(tokens, family), outputTokens);
            runs.push(run);
            if (cancelAfterMs !== null) fleet.clock.after(cancelAfterMs, run.cancel);
          });
        }
        runToEnd(fleet);
        expect(runs).toHaveLength(arrivals.length);
        for (const [i, run] of runs.entries()) {
          expect(run.ends).toHaveLength(1);
          const result = run.ends[0]!;
          expect(result.outputTokens).toBe(run.tokenTimes.length);
          if (result.reason === 'done') expect(result.outputTokens).toBe(arrivals[i]!.outputTokens);
          else expect(arrivals[i]!.cancelAfterMs).not.toBeNull();
          expect(result.cachedTokens).toBeLessThan(arrivals[i]!.tokens);
        }
        const stats = fleet.engine.stats();
        expect(stats).toMatchObject({ running: 0, waiting: 0, kvUsedBlocks: 0 });
        expect(stats.generationTokensTotal).toBe(runs.reduce((n, r) => n + r.tokenTimes.length, 0));
        const shared = runs.reduce((sum, run) => sum + run.ends[0]!.energyJoules, 0);
        expect(shared).toBeCloseTo(stats.energyJoules, 6);
      }),
      { numRuns: 60 },
    );
  });

  test('closing ends everyone and leaves no timer', () => {
    const fleet = rig({ maxRunning: 1 });
    const runs = [1, 2, 3].map((i) => submit(fleet, prompt(100, i), 50));
    fleet.clock.advance(40);
    fleet.engine.close();
    expect(runs.map((run) => run.ends.map((end) => end.reason))).toEqual([
      ['cancelled'],
      ['cancelled'],
      ['cancelled'],
    ]);
    expect(fleet.clock.step()).toBe(false);
  });
});
