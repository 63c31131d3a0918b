import type { OutcomeTable } from './outcome-table.ts';

/** How good each model was on the prompts of each category of the training tables. */
export interface SubjectMeans {
  /** Such as `category=law`. */
  readonly labels: readonly string[];
  /** `labels × models`; where nothing is known, the model's mean over all. */
  readonly means: Float32Array;
}

/** A model's own mean counts as this many rows. */
const DRAWN_ROWS = 1;

export function subjectMeans(
  tables: readonly OutcomeTable[],
  models: readonly { readonly id: string; readonly meanCorrect: number }[],
): SubjectMeans {
  const labels = [
    ...new Set(tables.flatMap((table) => table.labels.flatMap(([first]) => first ?? []))),
  ].toSorted();
  const labelAt = new Map(labels.map((label, i) => [label, i]));
  const modelAt = new Map(models.map(({ id }, i) => [id, i]));
  const sums = new Float64Array(labels.length * models.length);
  const counts = new Float64Array(sums.length);
  for (const table of tables) {
    for (const { id, correct } of table.models) {
      const m = modelAt.get(id);
      if (m === undefined) continue;
      table.labels.forEach(([label], i) => {
        const known = label !== undefined && !Number.isNaN(correct[i]!);
        if (!known) return;
        const at = labelAt.get(label)! * models.length + m;
        sums[at]! += correct[i]!;
        counts[at]!++;
      });
    }
  }
  const means = Float32Array.from(sums, (sum, at) => {
    const drawn = models[at % models.length]!.meanCorrect * DRAWN_ROWS;
    return (sum + drawn) / (counts[at]! + DRAWN_ROWS);
  });
  return { labels, means };
}
