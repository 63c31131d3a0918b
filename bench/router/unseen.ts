import { callCurve } from '../../src/evaluate/router/call-curve.ts';
import { createRng } from '../../src/kernel/index.ts';
import { QualityModel, curveAt, selectRows, trainQuality } from '../../src/quality/index.ts';
import type {
  PromptItem,
  ModelColumn,
  OutcomeTable,
  SentenceEncoder,
} from '../../src/quality/index.ts';
import { rowsOf, tableFolds } from './cross-validate.ts';
import { average, overSeeds } from './measures.ts';
import type { Row } from './measures.ts';

const UNSEEN = ['gemini-1.5-pro-002', 'Yi-34B', 'Qwen1.5-72B-Chat', 'Mistral-7B-v0.1'];
/** The model that each is paired with; it was seen. */
const PARTNER = 'Meta-Llama-3_1-8B';
const OUTCOMES = [0, 25, 50, 150, 500];
const SHOWN_OUTCOMES = 150;
const DRAWS = 5;

/** Models that no training saw, placed by their first outcomes: beside their mean, and beside training on all their outcomes. */
export function measureUnseen(tables: readonly OutcomeTable[], encoder: SentenceEncoder): Row[] {
  const folds = tableFolds(tables, 1);
  const learned = tables.map((table, t) =>
    selectRows(
      table,
      rowsOf(folds[t]!, (f) => f !== 0),
    ),
  );
  const without = learned.map((table) => ({
    ...table,
    models: table.models.filter(({ id }) => !UNSEEN.includes(id)),
  }));
  const open = (given: readonly OutcomeTable[]): QualityModel =>
    new QualityModel(trainQuality(given, { encoder, seed: 1 }), encoder);
  const [model, full] = [open(without), open(learned)];
  const table = tables[0]!;
  const stage: Stage = {
    table,
    model,
    full,
    items: table.prompts.map((prompt) => model.read(prompt)),
    held: rowsOf(folds[0]!, (f) => f === 0),
    learned: rowsOf(folds[0]!, (f) => f !== 0),
  };
  return UNSEEN.flatMap((id) => measureOne(id, stage));
}

interface Stage {
  readonly table: OutcomeTable;
  /** Has not seen the models that are placed. */
  readonly model: QualityModel;
  /** Has seen all outcomes of all models. */
  readonly full: QualityModel;
  readonly items: readonly PromptItem[];
  readonly held: readonly number[];
  readonly learned: readonly number[];
}

function measureOne(id: string, { table, model, full, items, held, learned }: Stage): Row[] {
  const partner = model.find(PARTNER)!;
  const partnerColumn = table.models.find((one) => one.id === PARTNER)!;
  const column = table.models.find((one) => one.id === id)!;
  const { correct } = column;
  const train = learned.filter((i) => !Number.isNaN(correct[i]!));
  const score = (own: (row: number) => number): Score =>
    scoreOf(held, column, partnerColumn, {
      own,
      partner: (row) => model.forecast(partner, items[row]!).accuracy.mean,
    });
  const rng = createRng(1);
  const drawn = (count: number): { readonly placed: Score; readonly mean: Score } => {
    const rows = Array.from({ length: count }, () => train[Math.floor(rng.next() * train.length)]!);
    const curve = model.place(rows.map((i) => ({ item: items[i]!, correct: correct[i]! })));
    const mean = count === 0 ? 0.5 : average(rows.map((i) => correct[i]!));
    return { placed: score((i) => curveAt(curve, items[i]!.values).mean), mean: score(() => mean) };
  };
  const steps = OUTCOMES.map((count) => ({
    count,
    scores: Array.from({ length: count === 0 ? 1 : DRAWS }, () => drawn(count)),
  }));
  const whole = full.find(id)!;
  const seen = score((i) => full.forecast(whole, full.read(table.prompts[i]!)).accuracy.mean);
  const trueMean = score(() => average(train.map((i) => correct[i]!)));
  const shown = steps.find(({ count }) => count === SHOWN_OUTCOMES)!;
  const of = (metric: keyof Score, what: string): Row => ({
    what: `${what} of ${id}, unseen, after ${SHOWN_OUTCOMES} outcomes`,
    router: overSeeds(shown.scores.map((one) => one.placed[metric])),
    others: {
      ...Object.fromEntries(
        steps.flatMap(({ count, scores }) => [
          [`placed${count}`, average(scores.map((one) => one.placed[metric]))],
          [`mean${count}`, average(scores.map((one) => one.mean[metric]))],
        ]),
      ),
      trueMean: trueMean[metric],
      seen: seen[metric],
    },
    against: null,
  });
  return [of('brier', 'Brier score'), of('apgr', `APGR (beside ${PARTNER})`)];
}

interface Score {
  readonly brier: number;
  readonly apgr: number;
}

function scoreOf(
  held: readonly number[],
  column: ModelColumn,
  partner: ModelColumn,
  expected: { own(row: number): number; partner(row: number): number },
): Score {
  const rows = held.filter((i) => !Number.isNaN(column.correct[i]! + partner.correct[i]!));
  const own = rows.map((i) => column.correct[i]!);
  const other = rows.map((i) => partner.correct[i]!);
  const isStronger = average(own) > average(other);
  const [weak, strong] = isStronger ? [other, own] : [own, other];
  const sign = isStronger ? 1 : -1;
  const scores = rows.map((i) => sign * (expected.own(i) - expected.partner(i)));
  return {
    brier: average(rows.map((i, at) => (expected.own(i) - own[at]!) ** 2)),
    apgr: callCurve(scores, { weak, strong })?.apgr ?? Number.NaN,
  };
}
