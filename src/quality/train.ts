import { fitPopulation } from './accuracy-curve.ts';
import type { CurveData } from './accuracy-curve.ts';
import { fitAmount } from './amount-line.ts';
import type { AmountLine } from './amount-line.ts';
import type { SentenceEncoder } from './feature-rows.ts';
import type { OutcomeTable } from './outcome-table.ts';
import { quantise } from './quality-model.ts';
import type { QualityParts, RoutedModel } from './quality-model.ts';
import { fitRepresentation, readTables } from './representation.ts';
import type { OnProgress, ReadTables, Representation } from './representation.ts';
import { subjectMeans } from './subject-means.ts';

export interface TrainingOptions {
  readonly encoder: SentenceEncoder;
  readonly seed: number;
  readonly onProgress?: OnProgress;
}

const READ_SHARE = 0.2;
const MAP_SHARE = 0.6;

/**
 * Learns from tables of outcomes; models of one id in several tables are one. The same tables and seed give the
 * same model. Throws `RangeError` where no model has an outcome.
 */
export function trainQuality(
  tables: readonly OutcomeTable[],
  { encoder, seed, onProgress = () => {} }: TrainingOptions,
): QualityParts {
  const read = readTables(tables, encoder, (share) => onProgress(READ_SHARE * share));
  const columns = columnsOf(tables);
  if (columns.length === 0) throw new RangeError('no model has an outcome');
  const items = fitRepresentation(read, seed, (share) =>
    onProgress(READ_SHARE + MAP_SHARE * share),
  );
  const models = fitModels(read, items, columns, (share) =>
    onProgress(READ_SHARE + MAP_SHARE + (1 - READ_SHARE - MAP_SHARE) * share),
  );
  return {
    encoder: encoder.name,
    templates: read.templates,
    shape: read.shape,
    map: quantise(items.map, read.worths, items.offset),
    prior: models.prior,
    models: models.models,
    subjects: subjectMeans(tables, models.models),
  };
}

/** All that is known of one model, by row of all tables. */
interface JoinedColumn {
  readonly id: string;
  readonly correct: Known;
  readonly costUsd: Known;
  readonly outputCharacters: Known;
}

interface Known {
  readonly rows: number[];
  readonly values: number[];
}

const nothingKnown = (): Known => ({ rows: [], values: [] });

function columnsOf(tables: readonly OutcomeTable[]): JoinedColumn[] {
  const columns = new Map<string, JoinedColumn>();
  let first = 0;
  for (const { prompts, models } of tables) {
    for (const { id, correct, costUsd, outputCharacters } of models) {
      const joined = columns.get(id) ?? {
        id,
        correct: nothingKnown(),
        costUsd: nothingKnown(),
        outputCharacters: nothingKnown(),
      };
      columns.set(id, joined);
      const add = ({ rows, values }: Known, i: number, value: number): void => {
        rows.push(first + i);
        values.push(value);
      };
      for (let i = 0; i < prompts.length; i++) {
        if (!Number.isNaN(correct[i]!)) add(joined.correct, i, correct[i]!);
        if (costUsd[i]! > 0) add(joined.costUsd, i, costUsd[i]!);
        if (outputCharacters[i]! > 0) add(joined.outputCharacters, i, outputCharacters[i]!);
      }
    }
    first += prompts.length;
  }
  return [...columns.values()].filter(({ correct }) => correct.rows.length > 0);
}

function fitModels(
  read: ReadTables,
  { items, size }: Representation,
  columns: readonly JoinedColumn[],
  onProgress: OnProgress,
): Pick<QualityParts, 'prior'> & { readonly models: readonly RoutedModel[] } {
  let done = 0;
  const steps = columns.length * 4;
  const onModel = (): void => onProgress(++done / steps);
  const data = columns.map(({ correct }): CurveData => ({
    items,
    size,
    rows: correct.rows,
    correct: correct.values,
  }));
  const { prior, curves } = fitPopulation(data, size, onModel);
  const line = ({ rows, values }: Known): AmountLine | null =>
    fitAmount({ items, size, logUnits: read.logUnits, rows, amounts: values });
  const models = columns.map(({ id, correct, costUsd, outputCharacters }, m): RoutedModel => {
    onModel();
    return {
      id,
      curve: curves[m]!,
      cost: line(costUsd),
      output: line(outputCharacters),
      meanCorrect: meanOf(correct.values),
      meanCostUsd: costUsd.values.length === 0 ? null : meanOf(costUsd.values),
    };
  });
  return { prior, models };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
