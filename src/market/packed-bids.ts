import type { Bid, Estimate, ExternalTerms, Instance, Mandate } from '../contract/index.ts';
import { draftOf, NO_TERMS } from './draft-bid.ts';
import { scoreBid } from './score.ts';

/** Cells per bid; `pack` and `unpack` name them in the same order. An unknown quantity is NaN. */
const CELLS = 21;

/**
 * Bids as numbers in one array that is written over and over. A worker remembers thousands of
 * decisions, and objects that live that long cost the garbage collector more than making them did.
 * What follows from the rest (the score) is left out: by the time that a record is written
 * again its memory has left the processor's caches, and every line of it is paid for.
 */
export class PackedBids {
  #cells = new Float64Array(0);
  readonly #instances: Instance[] = [];
  /** Null where no bid is an owner's. */
  #externals: (ExternalTerms | null)[] | null = null;
  #count = 0;

  pack(bids: readonly Bid[]): void {
    const wanted = bids.length * CELLS;
    if (this.#cells.length < wanted) this.#cells = new Float64Array(wanted);
    this.#count = bids.length;
    this.#externals = null;
    for (let i = 0; i < bids.length; i++) {
      const bid = bids[i]!;
      if (bid.external) (this.#externals ??= [])[i] = bid.external;
      if (this.#instances[i] !== bid.instance) this.#instances[i] = bid.instance;
      this.#packOne(bid, i * CELLS);
    }
  }

  #packOne(bid: Bid, start: number): void {
    const cells = this.#cells;
    const { costUsd, energyJoules } = bid;
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
    cells[start + 14] = bid.limitTokens ?? NaN;
    cells[start + 15] = bid.accuracy === null ? NaN : bid.accuracy.mean;
    cells[start + 16] = bid.accuracy === null ? NaN : bid.accuracy.deviation;
    cells[start + 17] = bid.terms.switching;
    cells[start + 18] = bid.crowdMs ?? 0;
    cells[start + 19] = bid.backlogMs ?? 0;
    cells[start + 20] = bid.prefillMs ?? 0;
  }

  /** The bids, scored again by the mandate that they were made under. */
  unpack(mandate: Mandate): Bid[] {
    return this.#instances.slice(0, this.#count).map((instance, i) => {
      const cells = this.#cells.subarray(i * CELLS, (i + 1) * CELLS);
      const cell = (at: number): number => cells[at]!;
      const estimate = (at: number): Estimate => ({ mean: cell(at), deviation: cell(at + 1) });
      const known = (at: number): Estimate | null => (Number.isNaN(cell(at)) ? null : estimate(at));
      const quote = {
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
      };
      const bid = draftOf(quote, known(15));
      if (!Number.isNaN(cell(14))) bid.limitTokens = cell(14);
      bid.terms = { ...NO_TERMS, switching: cell(17) };
      bid.crowdMs = cell(18);
      bid.backlogMs = cell(19);
      bid.prefillMs = cell(20);
      bid.external = this.#externals?.[i] ?? null;
      scoreBid(bid, mandate);
      return bid;
    });
  }
}
