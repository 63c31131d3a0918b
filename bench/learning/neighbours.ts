/** How well P(correct) is foretold after so many verdicts on each model, by what is done about neighbours. */
import { accuracyInContext, accuracyPosterior, contextPrior } from '../../src/estimate/index.ts';
import { createRng } from '../../src/kernel/index.ts';
import { Learning, shuffled } from './stage.ts';
import type { Column, Request, Stage } from './stage.ts';

export const VERDICTS = [50, 150, 500, 1500] as const;
const NEIGHBOURS = 40;
const HELD = 400;
const AT = { nowMs: 0, halfLifeMs: Infinity };

type Method = 'mean' | 'topic' | 'regression' | 'neighbours';

/** Brier scores above that of the true mean of the held requests, times 1000: below 0 is better than knowing the mean. */
export function measureNeighbours(stage: Stage, seeds: number): Record<Method, number>[] {
  return VERDICTS.map((verdicts) => {
    const sums: Record<Method, number> = { mean: 0, topic: 0, regression: 0, neighbours: 0 };
    for (let seed = 1; seed <= seeds; seed++) {
      const order = shuffled(stage.requests.length, seed);
      const held = order.slice(0, HELD);
      const learned = order.slice(held.length);
      for (const column of stage.columns) {
        const scores = scoresOf(stage.requests, column, { held, learned, verdicts, seed });
        for (const name of Object.keys(sums) as Method[]) sums[name] += 1000 * scores[name];
      }
    }
    const count = seeds * stage.columns.length;
    for (const name of Object.keys(sums) as Method[]) sums[name] /= count;
    return sums;
  });
}

interface Draw {
  readonly held: readonly number[];
  readonly learned: readonly number[];
  readonly verdicts: number;
  readonly seed: number;
}

function scoresOf(
  requests: readonly Request[],
  { model, correct }: Column,
  { held, learned, verdicts, seed }: Draw,
): Record<Method, number> {
  const learning = new Learning();
  const rng = createRng(1000 + seed);
  const rows = Array.from(
    { length: verdicts },
    () => learned[Math.floor(rng.next() * learned.length)]!,
  );
  for (const i of rows) learning.judge(requests[i]!, model, correct[i]!);
  learning.learn();
  const { beliefs } = learning;
  const truth = held.reduce((sum, i) => sum + correct[i]!, 0) / held.length;
  const whole = accuracyPosterior(model, beliefs, null, AT)!.mean;
  const sums: Record<Method, number> = { mean: 0, topic: 0, regression: 0, neighbours: 0 };
  for (const i of held) {
    const { topic, context, vector } = requests[i]!;
    const usual = accuracyPosterior(model, beliefs, topic, AT)!.mean;
    const prior = contextPrior(model, beliefs, topic, null);
    const near = nearest(vector, rows, requests);
    const among = near.reduce((sum, row) => sum + correct[row]!, 0);
    const told: Record<Method, number> = {
      mean: whole,
      topic: usual,
      regression: accuracyInContext(beliefs.contexts.get(model.id), prior, context).mean,
      neighbours: (among + NEIGHBOURS * usual) / (near.length + NEIGHBOURS),
    };
    for (const name of Object.keys(sums) as Method[]) {
      sums[name] += ((told[name] - correct[i]!) ** 2 - (truth - correct[i]!) ** 2) / held.length;
    }
  }
  return sums;
}

function nearest(
  vector: Float32Array,
  rows: readonly number[],
  requests: readonly Request[],
): number[] {
  const near = rows.map((row) => {
    const other = requests[row]!.vector;
    let cosine = 0;
    for (let j = 0; j < vector.length; j++) cosine += vector[j]! * other[j]!;
    return { row, cosine };
  });
  return near
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, NEIGHBOURS)
    .map(({ row }) => row);
}
