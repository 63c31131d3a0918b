/** What models made of prompts: one column per model, `NaN` where nothing is known. */
export interface OutcomeTable {
  /** For messages. */
  readonly name: string;
  readonly prompts: readonly string[];
  /** Per prompt what is said of its subject, such as `category=law`; the first counts as its category. */
  readonly labels: readonly (readonly string[])[];
  readonly models: readonly ModelColumn[];
}

export interface ModelColumn {
  readonly id: string;
  /** Quality of the answer, 0–1. */
  readonly correct: Float64Array;
  readonly costUsd: Float64Array;
  readonly outputCharacters: Float64Array;
}

/** The table of some of its rows, in the order of `rows`. */
export function selectRows(table: OutcomeTable, rows: readonly number[]): OutcomeTable {
  const pick = (column: Float64Array): Float64Array => Float64Array.from(rows, (i) => column[i]!);
  return {
    name: table.name,
    prompts: rows.map((i) => table.prompts[i]!),
    labels: rows.map((i) => table.labels[i]!),
    models: table.models.map(({ id, correct, costUsd, outputCharacters }) => ({
      id,
      correct: pick(correct),
      costUsd: pick(costUsd),
      outputCharacters: pick(outputCharacters),
    })),
  };
}

/** Mean of what is known, or null. */
export function knownMean(column: Float64Array): number | null {
  let [sum, count] = [0, 0];
  for (const value of column) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? null : sum / count;
}
