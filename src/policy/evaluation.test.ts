/**
 * Lazy evaluation comes to what eager evaluation comes to, and reads nothing in vain.
 *
 * The oracle knows the policy and, for each of the 3^n worlds of its signals (each true, false or unknown,
 * doubts settled), the outcome: the constraints that bind and the route, or the refusal. Two measures:
 *
 * - irrelevant: a signal is proved irrelevant when it is read if, with what is known by then, no two
 *   worlds that differ in nothing but this signal differ in their outcome. It cannot matter, whatever the
 *   signals that are not known yet say. At most 5 % of all readings may be so, where no condition asks of a
 *   signal twice. Where one does, it can be redundant (`any: [a, { all: [b, a] }]` is a, whatever b says):
 *   the evaluator does not simplify what the operator wrote, and the bound only guards against regress.
 * - in hindsight: the outcome follows from the other signals that were read. No evaluator that does not
 *   know the values beforehand can avoid these (of `any: [a, b]` with a false and b true, whichever is
 *   read first), so they are counted to compare orders of evaluation, and held below what is measured
 *   with the order of cost classes. The smallest certificate (the fewest signals from which the outcome
 *   follows, found by trying all subsets) is the bound that only an oracle reaches.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy } from '../contract/index.ts';
import { createRng, createVirtualClock } from '../kernel/index.ts';
import type { Rng } from '../kernel/index.ts';
import { openSignals } from '../signals/index.ts';
import { fakeWorkload } from '../signals/fixtures/fake-workload.ts';
import { fleetOf, policyOf } from './fixtures/policy.ts';
import {
  eagerOutcome,
  randomPolicies,
  SIGNALS,
  textOf,
  withoutRepeats,
} from './fixtures/random-policy.ts';
import type { RandomPolicy, Truth } from './fixtures/random-policy.ts';
import { SignalWorld } from './fixtures/signal-world.ts';
import type { Script } from './fixtures/signal-world.ts';

const TRUTHS: readonly Truth[] = [true, false, null];
const WORLDS = TRUTHS.length ** SIGNALS;
const SEED = 4;

const BOUND = 0.05;
const REDUNDANT_BOUND = 0.2;

type Known = readonly (Truth | undefined)[];

/** What a signal is in each world: the digits of the world's number. */
const VALUES: readonly (readonly number[])[] = Array.from({ length: WORLDS }, (_, world) =>
  Array.from(
    { length: SIGNALS },
    (_signal, i) => Math.floor(world / TRUTHS.length ** i) % TRUTHS.length,
  ),
);

/** The outcomes of every world, and questions about them. */
class Oracle {
  readonly #outcomes: readonly string[];

  constructor(policy: RandomPolicy) {
    this.#outcomes = VALUES.map((values) =>
      eagerOutcome(
        policy,
        values.map((value) => TRUTHS[value]!),
      ),
    );
  }

  /** Whether the outcome may still depend on the signal. */
  canMatter(signal: number, known: Known): boolean {
    const open = known.with(signal, undefined);
    const step = TRUTHS.length ** signal;
    for (let world = 0; world < WORLDS; world++) {
      if (VALUES[world]![signal] !== 0 || !isPossible(world, open)) continue;
      const outcome = this.#outcomes[world];
      if (this.#outcomes[world + step] !== outcome) return true;
      if (this.#outcomes[world + 2 * step] !== outcome) return true;
    }
    return false;
  }

  /** Whether what is known leaves one outcome. */
  proves(known: Known): boolean {
    let outcome: string | null = null;
    for (let world = 0; world < WORLDS; world++) {
      if (!isPossible(world, known)) continue;
      outcome ??= this.#outcomes[world]!;
      if (this.#outcomes[world] !== outcome) return false;
    }
    return true;
  }

  /** How many signals have to be known at least for the outcome of the world to follow. */
  smallestCertificate(world: readonly Truth[]): number {
    let least = SIGNALS;
    for (let subset = 0; subset < 2 ** SIGNALS; subset++) {
      const known = world.map((truth, i) => ((subset >> i) & 1 ? truth : undefined));
      const size = known.filter((truth) => truth !== undefined).length;
      if (size < least && this.proves(known)) least = size;
    }
    return least;
  }
}

function isPossible(world: number, known: Known): boolean {
  const values = VALUES[world]!;
  for (let i = 0; i < SIGNALS; i++) {
    if (known[i] !== undefined && TRUTHS[values[i]!] !== known[i]) return false;
  }
  return true;
}

/** A policy over the signals of a world. */
class Rig {
  readonly world = new SignalWorld();
  policy: Policy;

  constructor(policy: RandomPolicy) {
    this.policy = policyOf(textOf(policy), [this.world.signal]);
  }

  async decide(scripts: readonly Script[]) {
    const truths = this.world.enter(scripts);
    const workload = fakeWorkload();
    const { policy } = this;
    const reader = openSignals(policy.slots, workload, createVirtualClock());
    const result = await policy.decide(workload, reader, fleetOf(policy), null);
    const { reads } = this.world;
    const outcome =
      result.kind === 'refusal'
        ? 'no'
        : [...result.rules.map(({ constraint }) => constraint).sort(), result.route].join(' ');
    return { truths, outcome, reads, readings: reader.readings(), policy };
  }

  /** Learns from the decision as a worker does once it is served. */
  async serve(scripts: readonly Script[]): Promise<void> {
    const { readings, policy } = await this.decide(scripts);
    this.policy = policy.observe!(readings, 'auto');
  }
}

/** How much of what was read was needed. */
class Tally {
  readings = 0;
  irrelevant = 0;
  inHindsight = 0;
  certificates = 0;

  add(oracle: Oracle, { truths, reads }: Awaited<ReturnType<Rig['decide']>>): void {
    for (const { signal, known } of reads) {
      if (!oracle.canMatter(signal, known)) this.irrelevant++;
    }
    const read = new Set(reads.map(({ signal }) => signal));
    const known = truths.map((truth, i) => (read.has(i) ? truth : undefined));
    for (const signal of read) if (oracle.proves(known.with(signal, undefined))) this.inHindsight++;
    this.readings += reads.length;
    this.certificates += oracle.smallestCertificate(truths);
  }

  share(part: 'irrelevant' | 'inHindsight'): number {
    return this[part] / this.readings;
  }

  text(name: string): string {
    const percent = (count: number): string => `${((100 * count) / this.readings).toFixed(2)} %`;
    return `${name}: ${this.readings} readings, irrelevant ${percent(this.irrelevant)}, in hindsight ${percent(this.inHindsight)}, smallest certificates ${percent(this.certificates)}`;
  }
}

const script: fc.Arbitrary<Script> = fc.record({
  fast: fc.constantFrom(true, true, false, false, null),
  isDoubtful: fc.boolean(),
  deep: fc.constantFrom(...TRUTHS),
  isThrowing: fc.nat(9).map((n) => n === 0),
  delay: fc.constantFrom(0, 0, 0, 1, 5),
});
const worlds = fc.array(fc.array(script, { minLength: SIGNALS, maxLength: SIGNALS }), {
  minLength: 8,
  maxLength: 8,
});

/** How each signal of a policy behaves: mostly one way, as signals do. */
const LIKELY_TRUE = [0.02, 0.1, 0.5, 0.9, 0.98];
const habits = fc.array(fc.constantFrom(...LIKELY_TRUE), {
  minLength: SIGNALS,
  maxLength: SIGNALS,
});

function draw(probabilities: readonly number[], rng: Rng, delay = 0): readonly Script[] {
  return probabilities.map((probability) => ({
    fast: rng.next() < 0.01 ? null : rng.next() < probability,
    isDoubtful: rng.next() < 0.1,
    deep: rng.next() < probability,
    isThrowing: false,
    delay,
  }));
}

/** `BOURSE_MEASURE=1` prints what was measured. */
function report(text: string): void {
  if (process.env['BOURSE_MEASURE'] !== undefined) process.stderr.write(`${text}\n`);
}

describe('lazy evaluation', () => {
  test.each([
    { name: 'any policy', runs: 60, policies: randomPolicies, bound: REDUNDANT_BOUND },
    {
      name: 'no condition that asks of a signal twice',
      runs: 200,
      policies: randomPolicies.map(withoutRepeats),
      bound: BOUND,
    },
  ])(
    'comes to the outcome of eager evaluation and reads next to nothing in vain: $name',
    async ({ name, runs, policies, bound }) => {
      const tally = new Tally();
      await fc.assert(
        fc.asyncProperty(policies, worlds, async (random, cases) => {
          const rig = new Rig(random);
          const oracle = new Oracle(random);
          for (const scripts of cases) {
            const decided = await rig.decide(scripts);
            expect(decided.outcome).toBe(eagerOutcome(random, decided.truths));
            tally.add(oracle, decided);
          }
        }),
        { numRuns: runs, seed: SEED },
      );
      report(tally.text(name));
      expect(tally.readings).toBeGreaterThan(runs);
      expect(tally.share('irrelevant')).toBeLessThanOrEqual(bound);
    },
    60_000,
  );

  test('learns an order that changes no outcome, wastes less, and keeps the bound', async () => {
    const [classes, learned, waiting] = [new Tally(), new Tally(), new Tally()];
    await fc.assert(
      fc.asyncProperty(
        randomPolicies.map(withoutRepeats),
        habits,
        fc.nat(),
        async (random, probabilities, seed) => {
          const rng = createRng(seed);
          const oracle = new Oracle(random);
          const [before, after] = [new Rig(random), new Rig(random)];
          for (let i = 0; i < 256; i++) await after.serve(draw(probabilities, rng));
          for (let i = 0; i < 8; i++) {
            const scripts = draw(probabilities, rng);
            for (const [rig, tally] of [
              [before, classes],
              [after, learned],
            ] as const) {
              const decided = await rig.decide(scripts);
              expect(decided.outcome).toBe(eagerOutcome(random, decided.truths));
              tally.add(oracle, decided);
            }
            const slow = scripts.map((one) => ({ ...one, delay: 1 + rng.next() * 4 }));
            const decided = await after.decide(slow);
            expect(decided.outcome).toBe(eagerOutcome(random, decided.truths));
            waiting.add(oracle, decided);
          }
        },
      ),
      { numRuns: 60, seed: SEED },
    );
    report(classes.text('by class'));
    report(learned.text('learned'));
    report(waiting.text('learned, all slow'));
    expect(learned.share('irrelevant')).toBeLessThanOrEqual(BOUND);
    expect(waiting.share('irrelevant')).toBeLessThanOrEqual(BOUND);
    expect(learned.share('inHindsight')).toBeLessThan(classes.share('inHindsight'));
  }, 60_000);
});
