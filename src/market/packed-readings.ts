import type { SignalValue, SpentReading } from '../contract/index.ts';

/** Cells per reading: its confidence (NaN where it was not needed) and the microseconds spent on it. */
const CELLS = 2;

/** Readings of signals without objects of their own, for the reason that `PackedBids` gives. */
export class PackedReadings {
  #cells = new Float64Array(0);
  readonly #values: (SignalValue | null)[] = [];
  readonly #reasons: (string | undefined)[] = [];
  #count = 0;

  pack(readings: readonly (SpentReading | undefined)[]): void {
    const wanted = readings.length * CELLS;
    if (this.#cells.length < wanted) this.#cells = new Float64Array(wanted);
    this.#count = readings.length;
    for (let i = 0; i < readings.length; i++) {
      const reading = readings[i];
      this.#values[i] = reading === undefined ? null : reading.value;
      this.#reasons[i] = reading?.reason;
      this.#cells[i * CELLS] = reading === undefined ? NaN : reading.confidence;
      this.#cells[i * CELLS + 1] = reading === undefined ? 0 : reading.spentMicroseconds;
    }
  }

  unpack(): (SpentReading | undefined)[] {
    return this.#values.slice(0, this.#count).map((value, i) => {
      const confidence = this.#cells[i * CELLS]!;
      if (Number.isNaN(confidence)) return undefined;
      const reason = this.#reasons[i];
      const spentMicroseconds = this.#cells[i * CELLS + 1]!;
      return { value, confidence, spentMicroseconds, ...(reason !== undefined && { reason }) };
    });
  }
}
