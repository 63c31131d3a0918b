import { SIGNAL_COSTS } from '../../contract/index.ts';
import type { SpentReading } from '../../contract/index.ts';
import type { Condition, Measure, OpenTruth, Readings } from './condition.ts';
import type { Trace } from './trace.ts';

/** What is remembered of a condition: past this many observations, older ones count half. */
const MEMORY = 512;

/** A cost changes by this share of the difference with each observation. */
const COST_RATE = 0.1;

/** Microseconds of a signal that was never read, by cost class. */
const PRIOR_MICROSECONDS: Readonly<Record<(typeof SIGNAL_COSTS)[number], number>> = {
  free: 0.1,
  scan: 2,
  text: 20,
  model: 1_000,
  remote: 50_000,
};

/** What past decisions tell of one condition, with forgetting. */
export class NodeStatistics {
  readonly #counts = { trues: 0, falses: 0, unknowns: 0 };
  /** How often the turn of each operand came, in their order; `deep`: when doubts were settled. */
  readonly turns = { fast: [] as number[], deep: [] as number[] };

  get observations(): number {
    const { trues, falses, unknowns } = this.#counts;
    return trues + falses + unknowns;
  }

  /** The mean of the posterior of being true, or of what counts so, under a uniform prior. */
  probability(unknownAs: boolean): number {
    const { trues, unknowns } = this.#counts;
    return (trues + (unknownAs ? unknowns : 0) + 1) / (this.observations + 2);
  }

  /** Undefined: it was left open, which tells nothing of its truth. */
  observe(truth: OpenTruth): void {
    if (truth === undefined) return;
    const counts = this.#counts;
    if (this.observations >= MEMORY) {
      counts.trues /= 2;
      counts.falses /= 2;
      counts.unknowns /= 2;
    }
    if (truth === null) counts.unknowns++;
    else if (truth) counts.trues++;
    else counts.falses++;
  }

  observeTurns(operands: readonly Trace[], isDeep: boolean): void {
    const turns = isDeep ? this.turns.deep : this.turns.fast;
    countTurns(turns, operands.length, (i) => operands[i]!.isReached);
  }

  /** The operands have a new order: what is known of the old one says nothing of it. */
  forgetTurns(): void {
    this.turns.fast.length = 0;
    this.turns.deep.length = 0;
  }
}

/** Adds one pass over `length` steps, of which those up to some place were taken. */
export function countTurns(
  turns: number[],
  length: number,
  isTaken: (step: number) => boolean,
): void {
  while (turns.length < length) turns.push(0);
  if (turns[0]! >= MEMORY) for (let i = 0; i < length; i++) turns[i]! /= 2;
  for (let i = 0; i < length && isTaken(i); i++) turns[i]!++;
}

/** What the signals of one policy cost, in microseconds. */
export class SlotCosts {
  readonly #means: number[] = [];

  observe(readings: Readings): void {
    for (let slot = 0; slot < readings.length; slot++) {
      const reading: SpentReading | undefined = readings[slot];
      if (reading === undefined) continue;
      const mean = this.#means[slot];
      const { spentMicroseconds } = reading;
      this.#means[slot] =
        mean === undefined ? spentMicroseconds : mean + COST_RATE * (spentMicroseconds - mean);
    }
  }

  of({ slot, cost }: Extract<Condition | Measure, { slot: number }>): number {
    return this.#means[slot] ?? PRIOR_MICROSECONDS[SIGNAL_COSTS[cost]!];
  }
}
