/** What a way of choosing costs per prompt in USD, and the quality that it gets, 0–1. */
export interface CostPoint {
  readonly costUsd: number;
  readonly quality: number;
}

/** Outcomes of several models on the same prompts: one row per model. */
export interface ModelOutcomes {
  readonly quality: readonly Float64Array[];
  readonly costUsd: readonly Float64Array[];
}

/** What one expects of each model on each prompt, in rows as `ModelOutcomes`. */
export type Expectations = ModelOutcomes;

const SWEEP_STEPS = 64;

export const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Each model asked for every prompt. */
export function singlePoints({ quality, costUsd }: ModelOutcomes): CostPoint[] {
  return quality.map((own, m) => ({ costUsd: mean(costUsd[m]!), quality: mean(own) }));
}

/**
 * AIQ of RouterBench (arXiv 2403.12031): the mean quality under the non-decreasing convex hull of `points`, over the
 * range of cost from the cheapest to the dearest of `singles`. To ask the cheapest model for everything is
 * open to every router, and a router that spends less than the dearest keeps its best quality from there on.
 * Null where all models cost the same.
 */
export function aiq(points: readonly CostPoint[], singles: readonly CostPoint[]): number | null {
  const cheapest = singles.reduce((best, one) => (one.costUsd < best.costUsd ? one : best));
  const from = cheapest.costUsd;
  const to = Math.max(...singles.map(({ costUsd }) => costUsd));
  if (!(to > from)) return null;
  const hull = hullOf([cheapest, ...points]);
  let area = 0;
  for (let i = 1; i < hull.length; i++) area += areaBetween(hull[i - 1]!, hull[i]!, from, to);
  const last = hull.at(-1)!;
  if (last.costUsd < to) area += (to - Math.max(from, last.costUsd)) * last.quality;
  return area / (to - from);
}

/** Area under the line from `a` to `b`, inside the range. */
function areaBetween(a: CostPoint, b: CostPoint, from: number, to: number): number {
  const [left, right] = [Math.max(a.costUsd, from), Math.min(b.costUsd, to)];
  if (right <= left) return 0;
  const slope = (b.quality - a.quality) / (b.costUsd - a.costUsd);
  const at = (costUsd: number): number => a.quality + slope * (costUsd - a.costUsd);
  return ((right - left) * (at(left) + at(right))) / 2;
}

/** The upper hull by ascending cost, as far as quality rises. */
function hullOf(points: readonly CostPoint[]): CostPoint[] {
  const sorted = points.toSorted((a, b) => a.costUsd - b.costUsd || b.quality - a.quality);
  const hull: CostPoint[] = [];
  for (const point of sorted) {
    if (hull.length > 0 && point.quality <= hull.at(-1)!.quality) continue;
    while (hull.length >= 2 && !turnsDown(hull.at(-2)!, hull.at(-1)!, point)) hull.pop();
    if (hull.length === 1 && point.costUsd === hull[0]!.costUsd) hull.pop();
    hull.push(point);
  }
  return hull;
}

const turnsDown = (a: CostPoint, b: CostPoint, c: CostPoint): boolean =>
  (b.quality - a.quality) * (c.costUsd - b.costUsd) >
  (c.quality - b.quality) * (b.costUsd - a.costUsd);

/** What comes of asking the model of the greatest `worth · quality − cost`, for worths from nothing to everything. */
export function sweepPoints(expected: Expectations, outcomes: ModelOutcomes): CostPoint[] {
  const costs = expected.costUsd.map(mean);
  const least = Math.max(Math.min(...costs), 1e-9) / 10;
  const most = Math.max(...costs, least) * 1e5;
  const points = [pointOf(expected, outcomes, 0), pointOf(expected, outcomes, null)];
  for (let i = 0; i <= SWEEP_STEPS; i++) {
    points.push(pointOf(expected, outcomes, least * (most / least) ** (i / SWEEP_STEPS)));
  }
  return points;
}

/** `worth` in USD per right answer; null where only quality counts. */
function pointOf(expected: Expectations, outcomes: ModelOutcomes, worth: number | null): CostPoint {
  const prompts = outcomes.quality[0]!.length;
  let [costUsd, quality] = [0, 0];
  for (let i = 0; i < prompts; i++) {
    let [best, bestValue] = [0, Number.NEGATIVE_INFINITY];
    for (let m = 0; m < expected.quality.length; m++) {
      const own = expected.quality[m]![i]!;
      const value = worth === null ? own : worth * own - expected.costUsd[m]![i]!;
      if (value > bestValue) [best, bestValue] = [m, value];
    }
    costUsd += outcomes.costUsd[best]![i]!;
    quality += outcomes.quality[best]![i]!;
  }
  return { costUsd: costUsd / prompts, quality: quality / prompts };
}

/** What comes of asking the dear model of a pair for a growing share of prompts, by descending score. */
export function orderedPoints(
  scores: ArrayLike<number>,
  outcomes: ModelOutcomes,
  [weak, strong]: readonly [number, number],
): CostPoint[] {
  const prompts = scores.length;
  const order = Array.from({ length: prompts }, (_, i) => i).sort(
    (a, b) => scores[b]! - scores[a]!,
  );
  let costUsd = mean(outcomes.costUsd[weak]!);
  let quality = mean(outcomes.quality[weak]!);
  const points = [{ costUsd, quality }];
  order.forEach((i, at) => {
    costUsd += (outcomes.costUsd[strong]![i]! - outcomes.costUsd[weak]![i]!) / prompts;
    quality += (outcomes.quality[strong]![i]! - outcomes.quality[weak]![i]!) / prompts;
    const isTied = at + 1 < prompts && scores[order[at + 1]!] === scores[i];
    if (!isTied) points.push({ costUsd, quality });
  });
  return points;
}
