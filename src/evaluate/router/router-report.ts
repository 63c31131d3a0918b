import { promptText } from '../../quality/index.ts';
import type { Forecast, OutcomeTable, QualityModel, RoutedModel } from '../../quality/index.ts';
import { EvaluationProblem } from '../evaluation.ts';
import { callCurve } from './call-curve.ts';
import { aiq, orderedPoints, singlePoints, sweepPoints } from './cost-hull.ts';
import type { CostPoint, Expectations, ModelOutcomes } from './cost-hull.ts';

/** Null where the data does not define it. */
export interface RouterMetrics {
  readonly apgr: number | null;
  readonly cpt50: number | null;
  readonly cpt80: number | null;
  readonly aiq: number | null;
}

export interface RouterReport {
  /** Prompts of which the outcomes of both models of the pair are known. */
  readonly n: number;
  readonly metrics: RouterMetrics;
  readonly baselines: {
    readonly random: RouterMetrics;
    readonly length: RouterMetrics;
    readonly categoryMean: RouterMetrics;
    readonly bestSingle: RouterMetrics;
    readonly oracle: RouterMetrics;
  };
}

export interface RouterEvaluation {
  readonly report: RouterReport;
  /** Ids of the models that quality and cost are traded between. */
  readonly pair: readonly [weak: string, strong: string];
  /** AIQ of the hull of the single models (the Zero router); null without costs. */
  readonly zeroAiq: number | null;
}

type Pair = readonly [weak: string, strong: string];

/** Scores a router on prompts that it has not learned from. Throws `EvaluationProblem` where it knows too few of the models. */
export function evaluateRouter(
  model: QualityModel,
  table: OutcomeTable,
  wanted: Pair | null,
  onPrompt: (done: number) => void = () => {},
): RouterEvaluation {
  const known = table.models.flatMap(({ id }) => model.find(id) ?? []);
  const pair = wanted === null ? pairOf(known) : checkedPair(table, known, wanted);
  const forecasts = table.prompts.map((prompt, i) => {
    const item = model.read(prompt);
    onPrompt(i + 1);
    return known.map((one) => model.forecast(one, item));
  });
  const scene: Scene = { model, table, known, forecasts, pair };
  const calls = callPart(scene);
  const costs = costPart(scene);
  const of = (name: keyof CallPart['scores']): RouterMetrics => ({
    apgr: calls.curves[name]?.apgr ?? null,
    cpt50: calls.curves[name]?.cpt50 ?? null,
    cpt80: calls.curves[name]?.cpt80 ?? null,
    aiq: costs?.[name] ?? null,
  });
  const baselines = {
    random: of('random'),
    length: of('length'),
    categoryMean: of('categoryMean'),
    bestSingle: of('bestSingle'),
    oracle: of('oracle'),
  };
  const report = { n: calls.n, metrics: of('router'), baselines };
  return { report, pair, zeroAiq: costs?.zero ?? null };
}

interface Scene {
  readonly model: QualityModel;
  readonly table: OutcomeTable;
  /** Models that the router and the table both know. */
  readonly known: readonly RoutedModel[];
  /** By prompt, then by known model. */
  readonly forecasts: readonly (readonly Forecast[])[];
  readonly pair: Pair;
}

/** The cheapest model of the training tables, or the weakest where no cost is known, and the strongest one. */
function pairOf(known: readonly RoutedModel[]): Pair {
  const byQuality = known.toSorted((a, b) => a.meanCorrect - b.meanCorrect);
  const strong = byQuality.at(-1);
  const [cheapest] = known
    .filter(({ meanCostUsd }) => meanCostUsd !== null)
    .toSorted((a, b) => a.meanCostUsd! - b.meanCostUsd!);
  const weak = cheapest === undefined || cheapest === strong ? byQuality[0] : cheapest;
  if (strong === undefined || weak === undefined || weak === strong) {
    throw new EvaluationProblem(
      'the router and the data must have two models in common: train it on a table that has them',
    );
  }
  return [weak.id, strong.id];
}

function checkedPair(table: OutcomeTable, known: readonly RoutedModel[], wanted: Pair): Pair {
  for (const id of wanted) {
    if (known.some((one) => one.id === id)) continue;
    const isInData = table.models.some((column) => column.id === id);
    const place = isInData ? 'the router was not trained on it' : 'the data has no outcome of it';
    const names = known.map((one) => one.id).join(', ');
    throw new EvaluationProblem(`--pair names "${id}", but ${place}; both know: ${names}`);
  }
  if (wanted[0] === wanted[1]) throw new EvaluationProblem('--pair must name two different models');
  return wanted;
}

type Way = 'router' | keyof RouterReport['baselines'];
type ByWay<T> = Readonly<Record<Way, T>>;

interface CallPart {
  readonly n: number;
  readonly scores: ByWay<ArrayLike<number>>;
  readonly curves: ByWay<ReturnType<typeof callCurve>>;
}

function callPart(scene: Scene): CallPart {
  const { table, pair } = scene;
  const [weak, strong] = pair.map((id) => columnOf(table, id).correct) as [
    Float64Array,
    Float64Array,
  ];
  const rows = rowsWhere(table, (i) => !Number.isNaN(weak[i]!) && !Number.isNaN(strong[i]!));
  if (rows.length === 0) {
    throw new EvaluationProblem(`no line of the data has an outcome of both ${pair.join(' and ')}`);
  }
  const outcomes = { weak: pick(weak, rows), strong: pick(strong, rows) };
  const scores = scoresOf(scene, rows, outcomes);
  const curve = (way: Way): ReturnType<typeof callCurve> => callCurve(scores[way], outcomes);
  return {
    n: rows.length,
    scores,
    curves: {
      router: curve('router'),
      random: curve('random'),
      length: curve('length'),
      categoryMean: curve('categoryMean'),
      bestSingle: curve('bestSingle'),
      oracle: curve('oracle'),
    },
  };
}

/** How much each way expects the strong model to gain; ways that tell no prompts apart give a constant. */
function scoresOf(
  scene: Scene,
  rows: readonly number[],
  outcomes: { readonly weak: Float64Array; readonly strong: Float64Array },
): ByWay<ArrayLike<number>> {
  const { table, known, forecasts, pair } = scene;
  const [w, s] = pair.map((id) => known.findIndex((one) => one.id === id)) as [number, number];
  const constant = new Float64Array(rows.length);
  return {
    router: rows.map((i) => forecasts[i]![s]!.accuracy.mean - forecasts[i]![w]!.accuracy.mean),
    random: constant,
    length: rows.map((i) => promptText(table.prompts[i]!).length),
    categoryMean: rows.map(
      (i) => subjectMean(scene, known[s]!, i) - subjectMean(scene, known[w]!, i),
    ),
    bestSingle: constant,
    oracle: outcomes.strong.map((own, i) => own - outcomes.weak[i]!),
  };
}

/** What a model got in the prompt's category in training; over all where that is not known. */
function subjectMean({ model, table }: Scene, one: RoutedModel, row: number): number {
  const { labels, means } = model.parts.subjects;
  const label = table.labels[row]![0];
  const at = label === undefined ? -1 : labels.indexOf(label);
  const m = model.models.indexOf(one);
  return at < 0 ? one.meanCorrect : means[at * model.models.length + m]!;
}

/** AIQ by way, over the prompts whose outcomes and costs are known of all models that have costs; null where there are none. */
function costPart(scene: Scene): (ByWay<number | null> & { readonly zero: number | null }) | null {
  const { table, known, forecasts, pair } = scene;
  const priced = known.flatMap((one, m) => {
    const column = columnOf(table, one.id);
    const hasCost = column.costUsd.some((cost) => !Number.isNaN(cost));
    return hasCost && one.cost !== null ? [{ one, m, column }] : [];
  });
  const rows = rowsWhere(table, (i) =>
    priced.every(({ column }) => !Number.isNaN(column.correct[i]! + column.costUsd[i]!)),
  );
  const places = pair.map((id) => priced.findIndex(({ one }) => one.id === id));
  const [weak, strong] = places as [number, number];
  if (rows.length === 0 || weak < 0 || strong < 0) return null;
  const outcomes: ModelOutcomes = {
    quality: priced.map(({ column }) => pick(column.correct, rows)),
    costUsd: priced.map(({ column }) => pick(column.costUsd, rows)),
  };
  const expectedCost = priced.map(({ m }) =>
    Float64Array.from(rows, (i) => forecasts[i]![m]!.costUsd!.mean),
  );
  const expected = (quality: (m: number, i: number) => number): Expectations => ({
    quality: priced.map(({ m }) => Float64Array.from(rows, (i) => quality(m, i))),
    costUsd: expectedCost,
  });
  const singles = singlePoints(outcomes);
  const best = bestOf(priced.map(({ one }) => one.meanCorrect));
  const score = (points: readonly CostPoint[]): number | null => aiq(points, singles);
  const swept = (own: Expectations): number | null => score(sweepPoints(own, outcomes));
  const byLength = rows.map((i) => promptText(table.prompts[i]!).length);
  return {
    router: swept(expected((m, i) => forecasts[i]![m]!.accuracy.mean)),
    random: score([singles[weak]!, singles[strong]!]),
    length: score(orderedPoints(byLength, outcomes, [weak, strong])),
    categoryMean: swept(expected((m, i) => subjectMean(scene, known[m]!, i))),
    bestSingle: score([singles[best]!]),
    oracle: swept(outcomes),
    zero: score(singles),
  };
}

const bestOf = (values: readonly number[]): number =>
  values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);

const columnOf = (table: OutcomeTable, id: string) => table.models.find((one) => one.id === id)!;

const rowsWhere = (table: OutcomeTable, holds: (row: number) => boolean): number[] =>
  table.prompts.flatMap((_, i) => (holds(i) ? [i] : []));

const pick = (column: Float64Array, rows: readonly number[]): Float64Array =>
  Float64Array.from(rows, (i) => column[i]!);
