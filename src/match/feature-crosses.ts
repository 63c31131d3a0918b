import { PAIR_FEATURES } from './pair-features.ts';

type Feature = (typeof PAIR_FEATURES)[number];

/** What two features say together is not the sum of what each says: cells of their values, by steps. */
const CROSSES: readonly (readonly [Feature, Feature])[] = [
  ['cosine', 'stemOverlap'],
  ['cosine', 'trigramOverlap'],
  ['cosine', 'alignedWorst'],
  ['contentMissedMost', 'contentMissedLeast'],
  ['missedCountMost', 'missedCountLeast'],
];
const STEPS = 8;
/** A cosine below it is like none; above it the steps are finer. */
const COSINE_LEAST = 0.4;
const CELLS = STEPS * STEPS;

const places = CROSSES.map(([one, other]) => ({
  one: PAIR_FEATURES.indexOf(one),
  other: PAIR_FEATURES.indexOf(other),
  isCosine: one === 'cosine',
}));

export const CROSS_COUNT = CROSSES.length;
export const CROSS_CELLS = CROSS_COUNT * CELLS;

/** The cell of each cross, counted through. */
export function cellOf(cross: number, dense: Float64Array): number {
  const { one, other, isCosine } = places[cross]!;
  const value = dense[one]!;
  const first = stepOf(isCosine ? (value - COSINE_LEAST) / (1 - COSINE_LEAST) : value);
  return cross * CELLS + first * STEPS + stepOf(dense[other]!);
}

const stepOf = (value: number): number =>
  Math.max(0, Math.min(STEPS - 1, Math.floor(value * STEPS)));
