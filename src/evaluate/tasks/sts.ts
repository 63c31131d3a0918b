import type { EvaluationInput, Measured } from '../evaluation.ts';
import { numberOf, textOf } from '../records.ts';
import { spearman } from '../statistics.ts';
import { openEncoder } from '../two-speeds.ts';
import { wordOverlap } from '../word-overlap.ts';

/** `{a, b, score}`: does the cosine of two texts rank pairs as people do? */
export async function evaluateSts(input: EvaluationInput): Promise<Measured> {
  const { records, stopwatch } = input;
  const encoder = openEncoder(input.speed, input.understanding);
  const pairs = records.map((record) => ({
    a: textOf(record, 'a'),
    b: textOf(record, 'b'),
    score: numberOf(record, 'score'),
  }));
  const cosines = await stopwatch.each(pairs, async ({ a, b }) =>
    cosine(await encoder.embed(a), await encoder.embed(b)),
  );
  const truth = pairs.map(({ score }) => score);
  const rank = (scores: readonly number[]): { spearman: number | null } => ({
    spearman: spearman(scores, truth),
  });
  return {
    n: pairs.length,
    encoder: encoder.speed,
    metrics: rank(cosines),
    baselines: {
      wordOverlap: rank(pairs.map(({ a, b }) => wordOverlap(a, b))),
      length: rank(pairs.map(({ a, b }) => -Math.abs(a.length - b.length))),
    },
  };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
