import type { AccuracyLearningConfig, Rng } from './world.ts';
import { createRng, UNWATCHED, watchVerdict } from './world.ts';

/** Verdicts on one model: how often it is right, over topics or at large, and how far the judge is to be trusted. */
export interface Stream {
  readonly name: string;
  /** P(right) of each topic; one: no topic is known. */
  readonly rates: readonly number[];
  readonly reliability: number;
}

export const LOSS = 0.15;

export interface Verdict {
  readonly topic: string | null;
  readonly score: number;
}

/** A judge that is right in a share of cases and tosses a coin in the others. */
export function draw({ rates, reliability }: Stream, rng: Rng, loss: number): Verdict {
  const at = Math.floor(rng.next() * rates.length);
  const chance = reliability * (rates[at]! - loss) + (1 - reliability) / 2;
  return {
    topic: rates.length === 1 ? null : `topic-${at}|`,
    score: rng.next() < chance ? 1 : 0,
  };
}

/** Finds a loss in verdicts, one by one. */
export interface Detector {
  /** Whether this verdict proves a loss. */
  see(verdict: Verdict): boolean;
}

/** The watch of the product. */
export function productWatch(stream: Stream, config: AccuracyLearningConfig): Detector {
  let record = UNWATCHED;
  let atMs = 0;
  return {
    see(verdict) {
      atMs += 1_000;
      const seen = { ...verdict, speaker: 'judge', weight: stream.reliability, atMs };
      const watched = watchVerdict(record, seen, config);
      record = watched.record;
      return watched.alarm !== null;
    },
  };
}

/**
 * The best that anybody can do: the rates before and after are known, and the statistic is that of
 * Shiryaev and Roberts, whose stationary delay is the least there is (Pollak and Tartakovsky 2009).
 */
export function knownRates(stream: Stream, threshold: number): Detector {
  const { rates, reliability } = stream;
  const chances = rates.map((rate) => reliability * rate + (1 - reliability) / 2);
  let statistic = 0;
  return {
    see({ topic, score }) {
      const before = chances[topic === null ? 0 : Number(/\d+/.exec(topic)![0])]!;
      const after = before - reliability * LOSS;
      const ratio = score === 1 ? after / before : (1 - after) / (1 - before);
      statistic = (1 + statistic) * ratio;
      return statistic >= threshold;
    },
  };
}

/** Verdicts between the alarms of a steady model, which begins anew after each. */
export function runLength(make: () => Detector, stream: Stream, verdicts: number): number {
  const rng = createRng(4_711);
  let detector = make();
  let alarms = 0;
  for (let i = 0; i < verdicts; i++) {
    if (!detector.see(draw(stream, rng, 0))) continue;
    alarms++;
    detector = make();
  }
  return verdicts / Math.max(1, alarms);
}

/** Verdicts from a loss to its alarm, after so many steady ones; a run with a false alarm begins anew. */
export function delays(
  make: () => Detector,
  stream: Stream,
  { steady, runs }: { readonly steady: number; readonly runs: number },
): { readonly median: number; readonly p90: number; readonly within200: number } {
  const found: number[] = [];
  for (let seed = 1; found.length < runs; seed++) {
    const rng = createRng(seed);
    const detector = make();
    let hasFalseAlarm = false;
    for (let i = 0; i < steady && !hasFalseAlarm; i++) {
      hasFalseAlarm = detector.see(draw(stream, rng, 0));
    }
    if (hasFalseAlarm) continue;
    let delay = 1;
    while (delay < 5_000 && !detector.see(draw(stream, rng, LOSS))) delay++;
    found.push(delay);
  }
  found.sort((a, b) => a - b);
  return {
    median: found[Math.floor(found.length / 2)]!,
    p90: found[Math.floor(found.length * 0.9)]!,
    within200: found.filter((delay) => delay <= 200).length / found.length,
  };
}

/** Nats that one verdict tells of the loss, on average. */
export function divergence({ rates, reliability }: Stream): number {
  let sum = 0;
  for (const rate of rates) {
    const before = reliability * rate + (1 - reliability) / 2;
    const after = before - reliability * LOSS;
    sum += after * Math.log(after / before) + (1 - after) * Math.log((1 - after) / (1 - before));
  }
  return sum / rates.length;
}
