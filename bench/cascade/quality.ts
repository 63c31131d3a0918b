import { nextStep } from '../../src/attempts/escalation.ts';
import type { AwardedDecision, Beliefs, Bid, CascadePlan } from '../../src/contract/index.ts';
import {
  believedOf,
  confidenceKey,
  followingKey,
  learnConfidence,
  normalQuantile,
  observeConfidence,
  priorConfidence,
  standardized,
  stepsOf,
} from '../../src/estimate/index.ts';
import { createRng } from '../../src/kernel/index.ts';
import type { ModelId, Rng } from '../../src/kernel/index.ts';
import { QualityModel, selectRows, trainQuality } from '../../src/quality/index.ts';
import type { OutcomeTable, SentenceEncoder } from '../../src/quality/index.ts';
import { FOLDS, rowsOf, tableFolds } from '../router/cross-validate.ts';

/** What a policy paid and what share of its answers was right, on average over the prompts. */
export interface Point {
  readonly costUsd: number;
  readonly quality: number;
}

/** By the price of an error or the threshold that made it. */
export type Curves = Readonly<Record<string, Point[]>>;

/** Prices of an error, in USD: from where the cheapest model wins to where the most able one does. */
const PRICES = Array.from({ length: 25 }, (_, i) => 10 ** (-5 + i / 4));
/** At which the steps of the comparison of stopping rules are chosen. */
const MIDDLE = PRICES[15]!;
const THRESHOLDS = [0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98];
/** Of the rows that are learned from, those whose answers were judged. */
const JUDGED = 300;

interface Forecast {
  readonly accuracy: number;
  readonly costUsd: number;
}

/** What is known of the models before a prompt of the held-out fold is read, and after. */
interface Known {
  readonly means: readonly Forecast[];
  readonly read: (prompt: string) => readonly Forecast[];
}

/**
 * Cross-validated: accuracies, costs and what confidence tells are learned from the other folds. The
 * answers and their costs are those of the table; how sure each model was is drawn, so that right
 * answers are told from wrong ones with the area `auc` under the ROC curve. Curves by `auc`.
 */
export function measureTable(
  whole: OutcomeTable,
  encoder: SentenceEncoder,
  { aucs, seed }: { readonly aucs: readonly number[]; readonly seed: number },
): ReadonlyMap<number, Curves> {
  const table = withoutGaps(whole);
  const rng = createRng(seed);
  const [folds] = tableFolds([table], seed);
  const sums = new Map(aucs.map((auc) => [auc, new Map<string, Point[]>()]));
  for (let fold = 0; fold < FOLDS; fold++) {
    const learned = rowsOf(folds!, (f) => f !== fold);
    const known = learn(table, learned, encoder, seed);
    const held = rowsOf(folds!, (f) => f === fold);
    const routed = new Map(held.map((row) => [row, known.read(table.prompts[row]!)]));
    for (const auc of aucs) {
      const sure = drawn(table, auc, rng);
      const beliefs = judge(table, sure, { learned, means: known.means, rng });
      const bench = new Bench(table, sure, beliefs);
      for (const row of held) bench.serve(row, known.means, routed.get(row)!, sums.get(auc)!);
    }
  }
  const count = table.prompts.length;
  const averaged = (points: readonly Point[]): Point[] =>
    points.map(({ costUsd, quality }) => ({ costUsd: costUsd / count, quality: quality / count }));
  return new Map(
    [...sums].map(([auc, own]) => [
      auc,
      Object.fromEntries([...own].map(([name, points]) => [name, averaged(points)])),
    ]),
  );
}

/** Rows that every model has answered, at a known price. */
function withoutGaps(table: OutcomeTable): OutcomeTable {
  const rows = [...table.prompts.keys()].filter((i) =>
    table.models.every(({ correct, costUsd }) => !Number.isNaN(correct[i]! + costUsd[i]!)),
  );
  return selectRows(table, rows);
}

function drawn({ models }: OutcomeTable, auc: number, rng: Rng): readonly Float64Array[] {
  const separation = Math.SQRT2 * normalQuantile(auc);
  return models.map(({ correct }) =>
    correct.map((right) => -0.3 + 0.2 * (normal(rng) + (right - 0.5) * separation)),
  );
}

function learn(
  table: OutcomeTable,
  rows: readonly number[],
  encoder: SentenceEncoder,
  seed: number,
): Known {
  const part = selectRows(table, rows);
  const mean = (column: Float64Array): number => column.reduce((a, b) => a + b, 0) / column.length;
  const means = part.models.map(({ correct, costUsd }) => ({
    accuracy: mean(correct),
    costUsd: mean(costUsd),
  }));
  const model = new QualityModel(trainQuality([part], { encoder, seed }), encoder);
  const routed = part.models.map(({ id }) => model.find(id));
  const read = (prompt: string): readonly Forecast[] => {
    const item = model.read(prompt);
    return routed.map((one, m) => {
      const forecast = one === null ? null : model.forecast(one, item);
      return {
        accuracy: forecast?.accuracy.mean ?? means[m]!.accuracy,
        costUsd: forecast?.costUsd?.mean ?? means[m]!.costUsd,
      };
    });
  };
  return { means, read };
}

interface Judged {
  readonly learned: readonly number[];
  readonly means: readonly Forecast[];
  readonly rng: Rng;
}

/** The production fit, fed with verdicts on some answers of each model and of each that followed it. */
function judge(
  { models }: OutcomeTable,
  sure: readonly Float64Array[],
  { learned, means, rng }: Judged,
): Pick<Beliefs, 'confidence'> {
  const confidence = new Map<string, ReturnType<typeof priorConfidence>>();
  const rows = Array.from(
    { length: JUDGED },
    () => learned[Math.floor(rng.next() * learned.length)]!,
  );
  models.forEach(({ id, correct }, m) => {
    const key = confidenceKey(id as ModelId, 'meanLogprob');
    let own = priorConfidence(key);
    for (const row of rows) own = observeConfidence(own, sure[m]![row]!);
    const following = models.map((next) => {
      const nextKey = followingKey(id as ModelId, 'meanLogprob', next.id as ModelId);
      return { nextKey, record: priorConfidence(nextKey) };
    });
    for (const row of rows) {
      const z = standardized(own, sure[m]![row]!);
      const seen = { reliability: 1, believed: means[m]!.accuracy, score: correct[row]! };
      own = learnConfidence(own, z, seen, priorConfidence(key));
      models.forEach((next, n) => {
        const each = following[n]!;
        const after = { ...seen, believed: means[n]!.accuracy, score: next.correct[row]! };
        each.record = learnConfidence(each.record, z, after, priorConfidence(each.nextKey));
      });
    }
    confidence.set(key, own);
    for (const { nextKey, record } of following) confidence.set(nextKey, record);
  });
  return { confidence };
}

const PLAN: CascadePlan = {
  steps: null,
  maxSteps: 3,
  confidence: 'meanLogprob',
  checkedBy: null,
  acceptFrom: null,
  decideAfterTokens: null,
};
const NO_LIMITS = { maxCostUsd: null, maxLatencyMs: null, quantile: 0.9 };

class Bench {
  readonly #table: OutcomeTable;
  readonly #sure: readonly Float64Array[];
  readonly #beliefs: Pick<Beliefs, 'confidence'>;

  constructor(
    table: OutcomeTable,
    sure: readonly Float64Array[],
    beliefs: Pick<Beliefs, 'confidence'>,
  ) {
    this.#table = table;
    this.#sure = sure;
    this.#beliefs = beliefs;
  }

  serve(
    row: number,
    means: readonly Forecast[],
    routed: readonly Forecast[],
    sums: Map<string, Point[]>,
  ): void {
    const { models } = this.#table;
    const add = (name: string, place: number, point: Point): void => {
      let points = sums.get(name);
      if (points === undefined) sums.set(name, (points = []));
      const before = points[place] ?? { costUsd: 0, quality: 0 };
      points[place] = {
        costUsd: before.costUsd + point.costUsd,
        quality: before.quality + point.quality,
      };
    };
    models.forEach((_, m) => add(`always ${models[m]!.id}`, 0, this.#answer(m, row)));
    PRICES.forEach((usdPerError, i) => {
      add('router alone', i, this.#answer(best(routed, usdPerError), row));
      const bids = this.#bids(means, usdPerError);
      add('cascade', i, this.#cascade(row, bids, PLAN, usdPerError));
      const read = this.#bids(routed, usdPerError);
      add('cascade and router', i, this.#cascade(row, read, PLAN, usdPerError));
    });
    // The steps that the market takes at a price in the middle; only the rule of stopping differs.
    const fixed = this.#bids(means, MIDDLE);
    const steps = stepsOf(PLAN, fixed, objectiveAt(MIDDLE)).map(({ step }) => step);
    THRESHOLDS.forEach((acceptFrom, i) => {
      const plan = { ...PLAN, steps, acceptFrom };
      add('fixed threshold', i, this.#cascade(row, fixed, plan, MIDDLE));
    });
    PRICES.forEach((usdPerError, i) => {
      const bids = this.#bids(means, usdPerError);
      add(
        'expected value, same steps',
        i,
        this.#cascade(row, bids, { ...PLAN, steps }, usdPerError),
      );
    });
  }

  #answer(m: number, row: number): Point {
    const { correct, costUsd } = this.#table.models[m]!;
    return { costUsd: costUsd[row]!, quality: correct[row]! };
  }

  #bids(forecasts: readonly Forecast[], usdPerError: number): readonly Bid[] {
    const { models } = this.#table;
    const bids = forecasts.map(({ accuracy, costUsd }, m) => {
      const error = usdPerError * (1 - accuracy);
      return {
        instance: { model: { id: models[m]!.id } },
        accuracy: { mean: accuracy, deviation: 0 },
        costUsd: { mean: costUsd, deviation: 0 },
        score: costUsd + error,
        terms: { error },
      } as unknown as Bid;
    });
    return bids.sort((a, b) => a.score - b.score);
  }

  /** The production rules of where to begin and when to stop. */
  #cascade(row: number, bids: readonly Bid[], cascade: CascadePlan, usdPerError: number): Point {
    const { models } = this.#table;
    const objective = objectiveAt(usdPerError);
    const steps = stepsOf(cascade, bids, objective);
    const decision = {
      mandate: { cascade, objective, limits: NO_LIMITS },
    } as unknown as AwardedDecision;
    let place = 0;
    let costUsd = 0;
    for (;;) {
      const { step, bids: own } = steps[place]!;
      const m = models.findIndex(({ id }) => id === step.model);
      const answer = this.#answer(m, row);
      costUsd += answer.costUsd;
      const believed = own[0]!.accuracy!.mean;
      const confidence = { kind: 'meanLogprob', value: this.#sure[m]![row]!, believed } as const;
      const now = believedOf(this.#beliefs, step.model, confidence);
      const next = nextStep(decision, steps, bids, {
        place,
        now,
        confidence,
        beliefs: this.#beliefs,
        spentPicoUsd: 0,
        elapsedMs: 0,
      });
      if (next === null) return { costUsd, quality: answer.quality };
      place = next.place;
    }
  }
}

const objectiveAt = (usdPerError: number) => ({ usdPerError, usdPerSecond: 0, usdPerKilojoule: 0 });

function best(forecasts: readonly Forecast[], usdPerError: number): number {
  let least = 0;
  const loss = ({ accuracy, costUsd }: Forecast): number => costUsd + usdPerError * (1 - accuracy);
  for (const m of forecasts.keys()) if (loss(forecasts[m]!) < loss(forecasts[least]!)) least = m;
  return least;
}

function normal(rng: Rng): number {
  const radius = Math.sqrt(-2 * Math.log(1 - rng.next()));
  return radius * Math.cos(2 * Math.PI * rng.next());
}

/** The quality that a policy reaches for so much money, mixing two of its points; the best of what is cheaper. */
export function qualityAt(points: readonly Point[], costUsd: number): number {
  const hull = hullOf(points);
  let before: Point | null = null;
  for (const point of hull) {
    if (point.costUsd <= costUsd) {
      before = point;
      continue;
    }
    if (before === null) return Number.NaN;
    const share = (costUsd - before.costUsd) / (point.costUsd - before.costUsd);
    return before.quality + share * (point.quality - before.quality);
  }
  return before?.quality ?? Number.NaN;
}

/** The money at which a policy reaches a quality; NaN where it does not. */
export function costOf(points: readonly Point[], quality: number): number {
  let before: Point | null = null;
  for (const point of hullOf(points)) {
    if (point.quality >= quality) {
      if (before === null) return point.costUsd;
      const share = (quality - before.quality) / (point.quality - before.quality);
      return before.costUsd + share * (point.costUsd - before.costUsd);
    }
    before = point;
  }
  return Number.NaN;
}

/** Upper hull over cost, rising. */
function hullOf(points: readonly Point[]): readonly Point[] {
  const hull: Point[] = [];
  for (const point of points.toSorted((a, b) => a.costUsd - b.costUsd || b.quality - a.quality)) {
    const last = hull.at(-1);
    if (last !== undefined && point.quality <= last.quality) continue;
    while (hull.length > 1 && slope(hull.at(-2)!, hull.at(-1)!) <= slope(hull.at(-2)!, point)) {
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}

const slope = (a: Point, b: Point): number => (b.quality - a.quality) / (b.costUsd - a.costUsd);
