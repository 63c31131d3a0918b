import type { AmountTotals, DecidedBy, RequestDiff } from '../contract/index.ts';

type Change = RequestDiff['changes'][number];
type Sums = { -readonly [Key in keyof AmountTotals]: number };

/** What is counted over a file of requests: its size does not depend on the file's. */
export class DiffCount {
  requests = 0;
  changed = 0;
  readonly byChange = new Map<Change, number>();
  readonly transitions = new Map<string, Map<string, number>>();
  readonly costUsd: Sums = { before: 0, after: 0, unknown: 0 };
  readonly energyJoules: Sums = { before: 0, after: 0, unknown: 0 };

  add({ before, after, changes }: RequestDiff): void {
    this.requests++;
    if (changes.length > 0) this.changed++;
    for (const change of changes) this.byChange.set(change, (this.byChange.get(change) ?? 0) + 1);
    const from = placeOf(before);
    const to = placeOf(after);
    const row = this.transitions.get(from) ?? new Map<string, number>();
    this.transitions.set(from, row.set(to, (row.get(to) ?? 0) + 1));
    addAmounts(this.costUsd, before.costUsd, after.costUsd);
    addAmounts(this.energyJoules, before.energyJoules, after.energyJoules);
  }
}

const placeOf = ({ route, refusal }: DecidedBy): string =>
  refusal === null ? (route ?? 'none') : `refused: ${refusal}`;

/** An amount that one of the two does not know cannot be compared: it counts in neither sum. */
function addAmounts(sums: Sums, before: number | null, after: number | null): void {
  if (before === null || after === null) {
    sums.unknown++;
    return;
  }
  sums.before += before;
  sums.after += after;
}
