import { createRng } from '../../src/kernel/index.ts';
import { VectorIndex } from '../../src/match/index.ts';

const QUERIES = 400;
const CLUSTERS = 2_000;
const COUNT = 4;
const ROUNDS = 5;
/** How far queries are from an entry: from another wording to a question that nobody asked. */
const SPREADS = [0.3, 0.6, 1.2, 2.4];
/** The cache compares no questions that are farther apart. */
const COSINE_MIN = 0.5;

export interface IndexSpeed {
  readonly entries: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the least of several rounds of each query: what the search takes where the machine does nothing else. */
  readonly quietP99Ms: number;
  /** Mean processor time, which a busy machine does not lengthen. */
  readonly cpuMs: number;
  /** Of the entry that is really nearest, where it is near enough to be compared. */
  readonly recall: number;
  readonly insertMicroseconds: number;
  readonly bytesPerEntry: number;
}

/** Entries around centres, as questions are; queries beside entries. */
export function measureIndex(entries: number, dimensions: number): IndexSpeed {
  const rng = createRng(entries);
  const next = (): number => rng.next();
  const centres = Array.from({ length: CLUSTERS }, () => unit(next, dimensions, null, 0));
  const all = Array.from({ length: entries }, (_, i) =>
    unit(next, dimensions, centres[i % CLUSTERS]!, 1.2),
  );
  const index = new VectorIndex(dimensions);
  const before = performance.now();
  for (const vector of all) index.add(vector);
  const insertMicroseconds = ((performance.now() - before) * 1000) / entries;
  const queries = Array.from({ length: QUERIES }, (_, i) =>
    unit(next, dimensions, all[Math.floor(next() * entries)]!, SPREADS[i % SPREADS.length]!),
  );
  for (const asked of queries) index.nearest(asked, COUNT);
  const times: number[] = [];
  const least = queries.map(() => Number.POSITIVE_INFINITY);
  const used = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) {
    queries.forEach((asked, i) => {
      const start = performance.now();
      index.nearest(asked, COUNT);
      const took = performance.now() - start;
      times.push(took);
      least[i] = Math.min(least[i]!, took);
    });
  }
  const { user, system } = process.cpuUsage(used);
  const near = queries
    .map((asked) => ({ asked, nearest: trueNearest(all, asked) }))
    .filter(({ nearest }) => nearest.cosine >= COSINE_MIN);
  const found = near.filter(
    ({ asked, nearest }) => index.nearest(asked, COUNT)[0]?.place === nearest.place,
  ).length;
  return {
    entries,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    quietP99Ms: quantile(least, 0.99),
    cpuMs: (user + system) / 1000 / times.length,
    recall: found / near.length,
    insertMicroseconds,
    bytesPerEntry: index.bytesPerRow,
  };
}

function unit(
  next: () => number,
  dimensions: number,
  centre: Float32Array | null,
  spread: number,
): Float32Array {
  const vector = new Float32Array(dimensions);
  let square = 0;
  for (let i = 0; i < dimensions; i++) {
    const noise = (next() + next() + next() - 1.5) / Math.sqrt(dimensions) / 0.5;
    vector[i] = centre === null ? noise : centre[i]! + spread * noise;
    square += vector[i]! * vector[i]!;
  }
  const norm = Math.sqrt(square);
  for (let i = 0; i < dimensions; i++) vector[i]! /= norm;
  return vector;
}

function trueNearest(
  all: readonly Float32Array[],
  asked: Float32Array,
): { readonly place: number; readonly cosine: number } {
  let best = 0;
  let bestCosine = -2;
  all.forEach((vector, place) => {
    let cosine = 0;
    for (let i = 0; i < asked.length; i++) cosine += asked[i]! * vector[i]!;
    if (cosine > bestCosine) {
      bestCosine = cosine;
      best = place;
    }
  });
  return { place: best, cosine: bestCosine };
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)]!;
}
