/** Weights in one number: each has 13 bits of it, room for the sum of 32 offset weights. */
const LANES = 4;
const LANE_BITS = 13;
const LANE_MASK = 2 ** LANE_BITS - 1;
/** Weight of the upper two lanes: the lower two are 26 bits. */
const UPPER = 2 ** (2 * LANE_BITS);
/** Added to an int8 weight, so that no sum borrows from the lane above it. */
const OFFSET = 128;
/** Numbers per row: as many as the sum below is written out for. One row is one cache line or less. */
const NUMBERS = 6;

/** Labels that a table can have. */
export const LABELS_MAX = LANES * NUMBERS;

/**
 * A table of int8 weights, [rows, labels], of which a few rows are added up again and again: four
 * labels to an exact float64, so that one addition does the work of four.
 */
export class PackedWeights {
  readonly #labels: number;
  readonly #table: Float64Array;

  constructor(weights: Int8Array, labels: number) {
    const rows = weights.length / labels;
    this.#labels = labels;
    this.#table = new Float64Array(rows * NUMBERS);
    for (let label = 0; label < labels; label++) {
      const lane = 2 ** (LANE_BITS * (label % LANES));
      let place = Math.floor(label / LANES);
      for (let i = label; i < weights.length; i += labels) {
        this.#table[place]! += (weights[i]! + OFFSET) * lane;
        place += NUMBERS;
      }
    }
  }

  /** Fills `sums`, of length `LABELS_MAX`, with the sum of the rows per label. */
  sum(rows: Int32Array, sums: Int32Array): void {
    const table = this.#table;
    const count = rows.length;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let e = 0;
    let f = 0;
    for (let i = 0; i < count; i++) {
      const base = rows[i]! * NUMBERS;
      a += table[base]!;
      b += table[base + 1]!;
      c += table[base + 2]!;
      d += table[base + 3]!;
      e += table[base + 4]!;
      f += table[base + 5]!;
    }
    const offset = count * OFFSET;
    unpack(a, sums, 0, offset);
    unpack(b, sums, 4, offset);
    unpack(c, sums, 8, offset);
    unpack(d, sums, 12, offset);
    unpack(e, sums, 16, offset);
    unpack(f, sums, 20, offset);
    sums.fill(0, this.#labels);
  }
}

function unpack(packed: number, sums: Int32Array, at: number, offset: number): void {
  const upper = Math.floor(packed / UPPER);
  const lower = packed - upper * UPPER;
  sums[at] = (lower & LANE_MASK) - offset;
  sums[at + 1] = (lower >> LANE_BITS) - offset;
  sums[at + 2] = (upper & LANE_MASK) - offset;
  sums[at + 3] = (upper >> LANE_BITS) - offset;
}
