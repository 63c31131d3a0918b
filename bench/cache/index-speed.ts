import { createRng } from '../../src/kernel/index.ts';
import { VectorIndex } from '../../src/match/index.ts';

const QUERIES = 400;
const CLUSTERS = 2_000;
const COUNT = 4;

export interface IndexSpeed {
  readonly entries: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Mean processor time, which a busy machine does not lengthen. */
  readonly cpuMs: number;
  /** Of the entry that is really nearest. */
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
  const queries = Array.from({ length: QUERIES }, () =>
    unit(next, dimensions, all[Math.floor(next() * entries)]!, 0.6),
  );
  for (const asked of queries) index.nearest(asked, COUNT);
  const times: number[] = [];
  const used = process.cpuUsage();
  for (const asked of queries) {
    const start = performance.now();
    index.nearest(asked, COUNT);
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(used);
  let found = 0;
  for (const asked of queries) {
    if (index.nearest(asked, COUNT)[0]!.place === trueNearest(all, asked)) found++;
  }
  times.sort((a, b) => a - b);
  return {
    entries,
    p50Ms: times[QUERIES / 2]!,
    p99Ms: times[Math.floor(QUERIES * 0.99)]!,
    cpuMs: (user + system) / 1000 / QUERIES,
    recall: found / QUERIES,
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

function trueNearest(all: readonly Float32Array[], asked: Float32Array): number {
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
  return best;
}
