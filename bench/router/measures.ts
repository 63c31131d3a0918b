import { callCurve } from '../../src/evaluate/router/call-curve.ts';
import {
  aiq,
  orderedPoints,
  singlePoints,
  sweepPoints,
} from '../../src/evaluate/router/cost-hull.ts';
import { createRng } from '../../src/kernel/index.ts';
import { promptText } from '../../src/quality/index.ts';
import type { OutcomeTable } from '../../src/quality/index.ts';
import type { Expected, HeldOut } from './cross-validate.ts';

export interface Row {
  readonly what: string;
  /** Mean over seeds, and the half width of its 95 % interval over them; null of one. */
  readonly router: { readonly mean: number; readonly half: number | null };
  readonly others: Readonly<Record<string, number>>;
  /** The gain over the best of the simple ways: 95 % bootstrap over prompts, all seeds together. */
  readonly against: {
    readonly name: string;
    readonly mean: number;
    readonly low: number;
    readonly high: number;
  } | null;
}

const RESAMPLES = 300;

/** Student's t at 97.5 % by degrees of freedom. */
const T_975 = [Number.POSITIVE_INFINITY, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306];

export function overSeeds(values: readonly number[]): {
  readonly mean: number;
  readonly half: number | null;
} {
  const mean = average(values);
  if (values.length < 2) return { mean, half: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = Math.sqrt(squares / (values.length - 1) / values.length);
  return { mean, half: (T_975[values.length - 1] ?? 2) * error };
}

export const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** APGR of one pair. */
export function measurePairs(
  name: string,
  { models, prompts }: OutcomeTable,
  runs: readonly HeldOut[],
  pair: readonly [string, string],
): Row[] {
  const [w, s] = pair.map((id) => models.findIndex((one) => one.id === id)) as [number, number];
  const [weak, strong] = [models[w]!.correct, models[s]!.correct];
  const rows = prompts.flatMap((_, i) => (Number.isNaN(weak[i]! + strong[i]!) ? [] : [i]));
  const gap = ({ quality }: Expected, own: readonly number[]): number[] =>
    own.map((i) => quality[s]![i]! - quality[w]![i]!);
  const apgr = (own: readonly number[], scores: readonly number[]): number =>
    callCurve(scores, { weak: own.map((i) => weak[i]!), strong: own.map((i) => strong[i]!) })
      ?.apgr ?? Number.NaN;
  const lengths = rows.map((i) => promptText(prompts[i]!).length);
  const difference = (own: readonly number[]): number =>
    average(
      runs.map((run) => apgr(own, gap(run.router, own)) - apgr(own, gap(run.categoryMean, own))),
    );
  return [
    {
      what: `APGR ${name}: ${pair.join(' → ')}`,
      router: overSeeds(runs.map((run) => apgr(rows, gap(run.router, rows)))),
      others: {
        random: 0.5,
        length: apgr(rows, lengths),
        categoryMean: average(runs.map((run) => apgr(rows, gap(run.categoryMean, rows)))),
        bestSingle: 0.5,
        oracle: apgr(
          rows,
          rows.map((i) => strong[i]! - weak[i]!),
        ),
      },
      against: { name: 'category mean', ...bootstrap(rows, difference) },
    },
  ];
}

/** AIQ over all models of a table that has costs. */
export function measurePriced(
  name: string,
  { models, prompts }: OutcomeTable,
  runs: readonly HeldOut[],
): Row[] {
  const rows = prompts.flatMap((_, i) =>
    models.some(({ correct, costUsd }) => Number.isNaN(correct[i]! + costUsd[i]!)) ? [] : [i],
  );
  const of = (columns: readonly Float64Array[], own: readonly number[]): Float64Array[] =>
    columns.map((column) => Float64Array.from(own, (i) => column[i]!));
  const score = (
    expected: Expected | 'zero' | 'oracle' | 'length',
    own: readonly number[],
  ): number => {
    const outcomes = {
      quality: of(
        models.map(({ correct }) => correct),
        own,
      ),
      costUsd: of(
        models.map(({ costUsd }) => costUsd),
        own,
      ),
    };
    const singles = singlePoints(outcomes);
    if (expected === 'zero') return aiq(singles, singles)!;
    if (expected === 'oracle') return aiq(sweepPoints(outcomes, outcomes), singles)!;
    if (expected === 'length') {
      const cheapest = least(singles.map(({ costUsd }) => costUsd));
      const best = least(singles.map(({ quality }) => -quality));
      const lengths = own.map((i) => promptText(prompts[i]!).length);
      return aiq(orderedPoints(lengths, outcomes, [cheapest, best]), singles)!;
    }
    const { quality, costUsd } = expected;
    return aiq(
      sweepPoints({ quality: of(quality, own), costUsd: of(costUsd, own) }, outcomes),
      singles,
    )!;
  };
  const others = {
    length: score('length', rows),
    categoryMean: average(runs.map((run) => score(run.categoryMean, rows))),
    bestSingle: Math.max(...models.map(({ correct }) => average(rows.map((i) => correct[i]!)))),
    zero: score('zero', rows),
    knn: average(runs.map((run) => score(run.knn, rows))),
    mlp: average(runs.map((run) => score(run.mlp, rows))),
    oracle: score('oracle', rows),
  };
  const [rival] = (['zero', 'knn', 'mlp'] as const).toSorted((a, b) => others[b] - others[a]);
  const rivalScore = (run: HeldOut, own: readonly number[]): number =>
    score(rival === 'zero' ? 'zero' : run[rival!], own);
  const difference = (own: readonly number[]): number =>
    average(runs.map((run) => score(run.router, own) - rivalScore(run, own)));
  return [
    {
      what: `AIQ ${name}`,
      router: overSeeds(runs.map((run) => score(run.router, rows))),
      others,
      against: { name: rival!, ...bootstrap(rows, difference) },
    },
  ];
}

const least = (values: readonly number[]): number =>
  values.reduce((best, value, i) => (value < values[best]! ? i : best), 0);

function bootstrap(
  rows: readonly number[],
  measure: (rows: readonly number[]) => number,
): { readonly mean: number; readonly low: number; readonly high: number } {
  const rng = createRng(1);
  const values = Array.from({ length: RESAMPLES }, () =>
    measure(rows.map(() => rows[Math.floor(rng.next() * rows.length)]!)),
  )
    .filter((value) => !Number.isNaN(value))
    .toSorted((a, b) => a - b);
  const at = (share: number): number => values[Math.floor(share * (values.length - 1))]!;
  return { mean: measure(rows), low: at(0.025), high: at(0.975) };
}
