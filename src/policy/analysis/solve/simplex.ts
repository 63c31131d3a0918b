const EPSILON = 1e-9;

/** Σ coefficients · x ≤ most. */
export interface Row {
  readonly coefficients: readonly number[];
  readonly most: number;
}

/**
 * Maximises one of the variables, all of them 0 or more, under the rows: the two-phase simplex with
 * Bland's rule, which cannot circle. Null where the rows exclude each other; the maximum must be bounded.
 */
export function maximise(rows: readonly Row[], variables: number, goal: number): number[] | null {
  const tableau = new Tableau(rows, variables);
  return tableau.makeFeasible() ? tableau.maximise(goal) : null;
}

/** Columns: the variables, the slack of each row, and the helper of phase one; then the right side. */
class Tableau {
  readonly #variables: number;
  readonly #columns: number;
  readonly #rows: number[][];
  readonly #basis: number[];

  constructor(rows: readonly Row[], variables: number) {
    this.#variables = variables;
    this.#columns = variables + rows.length + 1;
    this.#basis = rows.map((_, i) => variables + i);
    this.#rows = rows.map(({ coefficients, most }, i) => {
      const row = Array.from({ length: this.#columns + 1 }, () => 0);
      for (let j = 0; j < variables; j++) row[j] = coefficients[j] ?? 0;
      row[variables + i] = 1;
      row[this.#columns - 1] = -1;
      row[this.#columns] = most;
      return row;
    });
  }

  /** Phase one: drives the helper, which loosens every row, to 0. */
  makeFeasible(): boolean {
    const helper = this.#columns - 1;
    const least = this.#indexOfLeast();
    if (this.#rows.length === 0 || this.#right(least) >= 0) return true;
    this.#pivot(least, helper);
    const cost = Array.from({ length: this.#columns + 1 }, (_, j) => (j === helper ? -1 : 0));
    this.#climb(cost);
    const at = this.#basis.indexOf(helper);
    if (at >= 0) {
      if (this.#right(at) > EPSILON) return false;
      const column = this.#rows[at]!.findIndex(
        (value, j) => j < helper && Math.abs(value) > EPSILON,
      );
      if (column >= 0) this.#pivot(at, column);
    }
    return true;
  }

  maximise(goal: number): number[] {
    const helper = this.#columns - 1;
    for (const row of this.#rows) row[helper] = 0;
    this.#climb(Array.from({ length: this.#columns + 1 }, (_, j) => (j === goal ? 1 : 0)));
    const values = Array.from({ length: this.#variables }, () => 0);
    this.#basis.forEach((variable, i) => {
      if (variable < this.#variables) values[variable] = this.#right(i);
    });
    return values;
  }

  #climb(cost: readonly number[]): void {
    for (;;) {
      const column = this.#entering(cost);
      if (column < 0) return;
      const row = this.#leaving(column);
      if (row < 0) return;
      this.#pivot(row, column);
    }
  }

  /** The first column that raises the goal. */
  #entering(cost: readonly number[]): number {
    for (let j = 0; j < this.#columns; j++) {
      let gain = cost[j]!;
      for (let i = 0; i < this.#rows.length; i++)
        gain -= cost[this.#basis[i]!]! * this.#rows[i]![j]!;
      if (gain > EPSILON) return j;
    }
    return -1;
  }

  #leaving(column: number): number {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#rows.length; i++) {
      const value = this.#rows[i]![column]!;
      if (value <= EPSILON) continue;
      const ratio = this.#right(i) / value;
      const isTie = Math.abs(ratio - least) <= EPSILON;
      if (best < 0 || (isTie ? this.#basis[i]! < this.#basis[best]! : ratio < least)) {
        best = i;
        least = ratio;
      }
    }
    return best;
  }

  #pivot(at: number, column: number): void {
    const row = this.#rows[at]!;
    const pivot = row[column]!;
    for (let j = 0; j < row.length; j++) row[j]! /= pivot;
    for (let i = 0; i < this.#rows.length; i++) {
      if (i === at) continue;
      const other = this.#rows[i]!;
      const factor = other[column]!;
      if (factor === 0) continue;
      for (let j = 0; j < other.length; j++) other[j]! -= factor * row[j]!;
    }
    this.#basis[at] = column;
  }

  #right(row: number): number {
    return this.#rows[row]![this.#columns]!;
  }

  #indexOfLeast(): number {
    let least = 0;
    for (let i = 1; i < this.#rows.length; i++) if (this.#right(i) < this.#right(least)) least = i;
    return least;
  }
}
