import type { Bid, Estimate, Instance } from '../contract/index.ts';

/** Cells per bid; `pack` and `unpack` name them in the same order. An unknown quantity is NaN. */
const CELLS = 22;

/**
 * Bids as numbers in one array that is written over and over. A worker remembers thousands of
 * decisions, and objects that live that long cost the garbage collector more than making them did.
 */
export class PackedBids {
  #cells = new Float64Array(0);
  readonly #instances: Instance[] = [];
  #count = 0;

  pack(bids: readonly Bid[]): void {
    const wanted = bids.length * CELLS;
    if (this.#cells.length < wanted) this.#cells = new Float64Array(wanted);
    this.#count = bids.length;
    for (let i = 0; i < bids.length; i++) {
      const bid = bids[i]!;
      this.#instances[i] = bid.instance;
      this.#packOne(bid, i * CELLS);
    }
  }

  #packOne(bid: Bid, start: number): void {
    const cells = this.#cells;
    const { costUsd, energyJoules, accuracy, terms } = bid;
    cells[start] = costUsd === null ? NaN : costUsd.mean;
    cells[start + 1] = costUsd === null ? NaN : costUsd.deviation;
    cells[start + 2] = bid.waitMs;
    cells[start + 3] = bid.ttftMs.mean;
    cells[start + 4] = bid.ttftMs.deviation;
    cells[start + 5] = bid.latencyMs.mean;
    cells[start + 6] = bid.latencyMs.deviation;
    cells[start + 7] = energyJoules === null ? NaN : energyJoules.mean;
    cells[start + 8] = energyJoules === null ? NaN : energyJoules.deviation;
    cells[start + 9] = bid.loadPrice;
    cells[start + 10] = bid.promptTokens;
    cells[start + 11] = bid.cachedTokens;
    cells[start + 12] = bid.outputTokens.mean;
    cells[start + 13] = bid.outputTokens.deviation;
    cells[start + 14] = accuracy === null ? NaN : accuracy.mean;
    cells[start + 15] = accuracy === null ? NaN : accuracy.deviation;
    cells[start + 16] = terms.cost;
    cells[start + 17] = terms.time;
    cells[start + 18] = terms.error;
    cells[start + 19] = terms.energy;
    cells[start + 20] = terms.lateness;
    cells[start + 21] = terms.switching;
  }

  unpack(): Bid[] {
    return this.#instances.slice(0, this.#count).map((instance, i) => {
      const cells = this.#cells.subarray(i * CELLS, (i + 1) * CELLS);
      const cell = (at: number): number => cells[at]!;
      const estimate = (at: number): Estimate => ({ mean: cell(at), deviation: cell(at + 1) });
      const known = (at: number): Estimate | null => (Number.isNaN(cell(at)) ? null : estimate(at));
      const terms = {
        cost: cell(16),
        time: cell(17),
        error: cell(18),
        energy: cell(19),
        lateness: cell(20),
        switching: cell(21),
      };
      return {
        instance,
        costUsd: known(0),
        waitMs: cell(2),
        ttftMs: estimate(3),
        latencyMs: estimate(5),
        energyJoules: known(7),
        loadPrice: cell(9),
        promptTokens: cell(10),
        cachedTokens: cell(11),
        outputTokens: estimate(12),
        accuracy: known(14),
        score:
          terms.cost + terms.time + terms.error + terms.energy + terms.lateness + terms.switching,
        terms,
      };
    });
  }
}
