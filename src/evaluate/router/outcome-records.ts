import { knownMean } from '../../quality/index.ts';
import type { ModelColumn, OutcomeTable } from '../../quality/index.ts';
import { parseRecords, problemAt, textOf } from '../records.ts';
import type { DataRecord } from '../records.ts';

/** Fields that say what a prompt is about. */
const SUBJECT_FIELDS = [
  'category',
  'subject',
  'domain',
  'topic',
  'dataset',
  'eval_name',
  'task',
  'src',
  'source',
] as const;

const QUALITY_FIELDS = ['correct', 'score'] as const;
const WIN_PREFIX = 'winprob';
const COST_FIELDS = ['cost', 'cost_usd'] as const;
const OUTPUT_FIELDS = ['out_chars', 'outchars'] as const;

/**
 * Reads a table of outcomes: per line `prompt`; `correct`, `score` or a field that begins with `winprob`, an object of
 * numbers 0–1 per model; `cost` in USD and `out_chars` where known. Null and missing models are not known.
 * Throws `RecordProblem` at the first line that does not fit.
 */
export function parseOutcomes(file: string, content: string): OutcomeTable {
  const records = parseRecords(file, content);
  const rows = records.map(readRow);
  const ids = [...new Set(rows.flatMap(({ correct }) => [...correct.keys()]))].toSorted();
  const models = ids.map((id): ModelColumn => {
    const column = (key: 'correct' | 'costUsd' | 'outputCharacters'): Float64Array =>
      Float64Array.from(rows, (row) => row[key].get(id) ?? Number.NaN);
    return {
      id,
      correct: column('correct'),
      costUsd: column('costUsd'),
      outputCharacters: column('outputCharacters'),
    };
  });
  const known = models.filter(({ correct }) => knownMean(correct) !== null);
  if (known.length === 0) {
    throw problemAt(records[0]!, qualityField(records[0]!), 'no line of the file has an outcome');
  }
  return {
    name: file,
    prompts: rows.map(({ prompt }) => prompt),
    labels: labelsOf(records),
    models: known,
  };
}

type Numbers = ReadonlyMap<string, number>;

interface OutcomeRow {
  readonly prompt: string;
  readonly correct: Numbers;
  readonly costUsd: Numbers;
  readonly outputCharacters: Numbers;
}

function readRow(record: DataRecord): OutcomeRow {
  const prompt = textOf(record, 'prompt');
  const field = qualityField(record);
  if (field === undefined) {
    throw problemAt(
      record,
      undefined,
      '"correct" or "score" must be an object of numbers by model',
    );
  }
  const correct = numbersByModel(record, field, 1);
  const amounts = (names: readonly string[]): Numbers => {
    const name = names.find((candidate) => candidate in record.fields);
    return name === undefined ? new Map() : numbersByModel(record, name, Number.MAX_VALUE);
  };
  return {
    prompt,
    correct,
    costUsd: amounts(COST_FIELDS),
    outputCharacters: amounts(OUTPUT_FIELDS),
  };
}

const qualityField = ({ fields }: DataRecord): string | undefined =>
  QUALITY_FIELDS.find((name) => name in fields) ??
  Object.keys(fields).find((name) => name.startsWith(WIN_PREFIX));

function numbersByModel(record: DataRecord, name: string, max: number): Numbers {
  const value = record.fields[name];
  if (value === null) return new Map();
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw problemAt(record, name, `"${name}" must be an object of numbers by model`);
  }
  const numbers = new Map<string, number>();
  for (const [id, given] of Object.entries(value as Record<string, unknown>)) {
    if (given === null) continue;
    const number = typeof given === 'boolean' ? Number(given) : given;
    if (typeof number !== 'number' || !(number >= 0 && number <= max)) {
      const range = max === 1 ? 'a number from 0 to 1' : 'a number, zero or more';
      throw problemAt(record, id, `"${name}" of "${id}" must be ${range}, or null`);
    }
    numbers.set(id, number);
  }
  return numbers;
}

/** Subjects of each record, from the field that tells fewest apart to the one that tells most. */
function labelsOf(records: readonly DataRecord[]): string[][] {
  const distinct = new Map<string, number>();
  for (const name of SUBJECT_FIELDS) {
    const values = new Set(records.map(({ fields }) => fields[name]));
    if ([...values].some((value) => typeof value === 'string')) distinct.set(name, values.size);
  }
  const names = [...distinct.keys()].toSorted((a, b) => distinct.get(a)! - distinct.get(b)!);
  return records.map(({ fields }) =>
    names.flatMap((name) => {
      const value = fields[name];
      return typeof value === 'string' ? [`${name}=${value}`] : [];
    }),
  );
}
