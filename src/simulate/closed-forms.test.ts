/** The engine model against what queueing theory and the power curve say of it, with seeds that are fixed. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { powerWatts } from '../estimate/index.ts';
import { createRng, createVirtualClock } from '../kernel/index.ts';
import type { Rng } from '../kernel/index.ts';
import { createEngineModel } from './engine-model.ts';
import type { EngineSpec } from './engine-spec.ts';

/** One token takes a millisecond, however many run: a sequence of n tokens is a job of n milliseconds. */
const SERVER: EngineSpec = {
  weightReadMs: 1,
  perSequenceMs: 0,
  admissionMs: 0,
  jitterRatio: 0,
  prefillTokensPerIteration: 1_000,
  maxRunning: 1,
  kvBlocks: 1_000_000,
  blockSize: 16,
  power: { idleWatts: 100, peakWatts: 400, gpus: 2, steepness: 1, midpoint: 4.2 },
};

const exponential = (rng: Rng, mean: number): number => -mean * Math.log(1 - rng.next());

interface Queue {
  readonly servers: number;
  readonly meanGapMs: number;
  readonly jobMs: (rng: Rng) => number;
}

const RUNS = 8;
const JOBS = 6_000;
/** Of every run: the queue is empty when it begins. */
const WARM_UP_JOBS = 600;
/** A run's waits hang together, and are no sample: the spread of whole runs says how sure their mean is. */
const STANDARD_ERRORS = 4;
/** The means of the runs are surer than this, or they would agree with any theory. */
const SURE_RATIO = 0.06;

function expectWait(queue: Queue, theoryMs: number): void {
  const waits = Array.from({ length: RUNS }, (_, run) => meanWaitMs(queue, run + 1));
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / RUNS;
  const squares = waits.reduce((sum, wait) => sum + (wait - mean) ** 2, 0);
  const error = Math.sqrt(squares / (RUNS - 1) / RUNS);
  expect(error / theoryMs).toBeLessThan(SURE_RATIO);
  expect(Math.abs(mean - theoryMs)).toBeLessThan(STANDARD_ERRORS * error);
}

/** Mean milliseconds from arrival to start, of Poisson arrivals. */
function meanWaitMs({ servers, meanGapMs, jobMs }: Queue, seed: number): number {
  const rng = createRng(seed);
  const clock = createVirtualClock();
  const engine = createEngineModel({ clock, rng, spec: { ...SERVER, maxRunning: servers } });
  let waitedMs = 0;
  let arrived = 0;
  const arrive = (): void => {
    const counts = arrived++ >= WARM_UP_JOBS;
    engine.submit({
      prompt: { tokens: 1, hashes: [] },
      outputTokens: jobMs(rng),
      onToken: () => {},
      onEnd: ({ arrivedAtMs, startedAtMs }) => {
        if (counts) waitedMs += startedAtMs! - arrivedAtMs;
      },
    });
    if (arrived < JOBS) clock.after(exponential(rng, meanGapMs), arrive);
  };
  clock.after(0, arrive);
  while (clock.step());
  return waitedMs / (JOBS - WARM_UP_JOBS);
}

/** Erlang's C: the probability that a job waits, with `offered` = λ/μ. */
function erlangC(servers: number, offered: number): number {
  let blocking = 1;
  for (let n = 1; n <= servers; n++) blocking = (offered * blocking) / (n + offered * blocking);
  const utilisation = offered / servers;
  return blocking / (1 - utilisation + utilisation * blocking);
}

describe('queueing', () => {
  test.each([
    { servers: 1, utilisation: 0.7 },
    { servers: 2, utilisation: 0.7 },
    { servers: 4, utilisation: 0.7 },
  ])('M/M/c: $servers servers at $utilisation', ({ servers, utilisation }) => {
    const meanMs = 40;
    const meanGapMs = meanMs / (servers * utilisation);
    // Geometric: the exponential in whole milliseconds.
    const jobMs = (rng: Rng): number =>
      1 + Math.floor(Math.log(1 - rng.next()) / Math.log(1 - 1 / meanMs));
    const theoryMs =
      (erlangC(servers, servers * utilisation) * meanMs) / (servers * (1 - utilisation));
    // A batch that is not empty looks at who waits once per iteration: half a millisecond more.
    const lookMs = servers === 1 ? 0 : 0.5;
    expectWait({ servers, meanGapMs, jobMs }, theoryMs + lookMs);
  });

  test.each([
    { name: 'constant', jobMs: (): number => 20, second: 20 ** 2 },
    {
      name: 'of two kinds',
      jobMs: (rng: Rng): number => (rng.next() < 0.1 ? 110 : 10),
      second: 0.1 * 110 ** 2 + 0.9 * 10 ** 2,
    },
  ])('M/G/1, jobs $name: Pollaczek and Khinchine', ({ jobMs, second }) => {
    const utilisation = 0.7;
    const meanGapMs = 20 / utilisation;
    expectWait({ servers: 1, meanGapMs, jobMs }, second / meanGapMs / (2 * (1 - utilisation)));
  });
});

describe('energy', () => {
  test.each([1, 8, 64])(
    'a batch of %i draws the power of the curve for as long as it runs',
    (batch) => {
      const clock = createVirtualClock();
      const spec = { ...SERVER, maxRunning: 64, weightReadMs: 8, perSequenceMs: 0.5 };
      const engine = createEngineModel({ clock, rng: createRng(1), spec });
      let joules = 0;
      for (let i = 0; i < batch; i++) {
        engine.submit({
          prompt: { tokens: 1, hashes: [] },
          outputTokens: 200,
          onToken: () => {},
          onEnd: ({ energyJoules }) => void (joules += energyJoules),
        });
      }
      while (clock.step());
      const seconds = (200 * (8 + 0.5 * batch)) / 1000;
      expect(joules).toBeCloseTo(powerWatts(spec.power, batch) * seconds, 6);
      expect(engine.stats().energyJoules).toBeCloseTo(joules, 6);
    },
  );
});

test('a forecast is what happens when nobody else comes', () => {
  const ahead = fc.record({
    atMs: fc.integer({ min: 0, max: 400 }),
    promptTokens: fc.integer({ min: 1, max: 3_000 }),
    outputTokens: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(fc.array(ahead, { maxLength: 12 }), ahead, (others, asked) => {
      const clock = createVirtualClock();
      const spec = { ...SERVER, maxRunning: 4, weightReadMs: 7, perSequenceMs: 0.3 };
      const engine = createEngineModel({ clock, rng: createRng(1), spec });
      for (const { atMs, promptTokens: tokens, outputTokens } of others) {
        clock.after(atMs, () => {
          engine.submit({
            prompt: { tokens, hashes: [] },
            outputTokens,
            onToken: () => {},
            onEnd: () => {},
          });
        });
      }
      clock.advance(401);
      const { promptTokens: tokens, outputTokens } = asked;
      const prompt = { tokens, hashes: [] };
      const foreseen = engine.forecast(prompt, outputTokens);
      let firstMs = Number.NaN;
      let endMs = Number.NaN;
      engine.submit({
        prompt,
        outputTokens,
        onToken: (index, atMs) => void (index === 0 && (firstMs = atMs)),
        onEnd: ({ endedAtMs }) => void (endMs = endedAtMs),
      });
      while (clock.step());
      expect(foreseen.ttftMs).toBeCloseTo(firstMs - 401, 6);
      expect(foreseen.totalMs).toBeCloseTo(endMs - 401, 6);
    }),
    { numRuns: 60 },
  );
});
