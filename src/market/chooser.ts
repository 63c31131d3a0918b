import type { Rng } from '../kernel/index.ts';
import type { Bid, Mandate } from '../contract/index.ts';
import { chanceOfLeast, drawLeast, flooredNormals } from '../estimate/index.ts';
import type { Normals } from '../estimate/index.ts';
import type { Exploring } from './explore.ts';

/** Chooses one of ranked bids, and knows how likely it was to choose each. Both are places in the ranking. */
export interface Chooser {
  choose(): number;
  chanceOf(at: number): number;
}

const BEST: Chooser = { choose: () => 0, chanceOf: (at) => (at === 0 ? 1 : 0) };

/** A coin flip of which nothing is known. */
const UNKNOWN_DEVIATION = Math.sqrt(1 / 12);

export function createChooser(ranked: readonly Bid[], mandate: Exploring, rng: Rng): Chooser {
  const { kind, modes, maxLossUsd } = mandate.exploration;
  if (kind === 'off' || (modes !== null && !modes.includes(mandate.mode))) return BEST;
  const most = ranked[0]!.score + maxLossUsd;
  let count = 1;
  while (count < ranked.length && ranked[count]!.score <= most) count++;
  if (count === 1) return BEST;
  const open = count === ranked.length ? ranked : ranked.slice(0, count);
  return kind === 'linucb' ? byUpperBound(open, mandate, rng) : new Draw(open, mandate, rng);
}

const doubtUsd = ({ accuracy }: Bid, { objective }: Mandate): number =>
  objective.usdPerError * (accuracy === null ? UNKNOWN_DEVIATION : accuracy.deviation);

/** LinUCB: what is doubtful of a bid's accuracy counts in its favour; a share of the auctions is drawn by lot. */
function byUpperBound(open: readonly Bid[], mandate: Exploring, rng: Rng): Chooser {
  const { width, lotShare } = mandate.exploration;
  let hopeful = 0;
  let least = Infinity;
  for (let i = 0; i < open.length; i++) {
    const score = open[i]!.score - width * doubtUsd(open[i]!, mandate);
    if (score >= least) continue;
    hopeful = i;
    least = score;
  }
  const isDrawn = (): boolean => lotShare > 0 && rng.next() < lotShare;
  return {
    choose: () => (isDrawn() ? Math.floor(rng.next() * open.length) : hopeful),
    chanceOf: (at) =>
      (at < open.length ? lotShare / open.length : 0) + (at === hopeful ? 1 - lotShare : 0),
  };
}

/**
 * Thompson sampling in two steps, so that instances of one model share what is drawn of its accuracy: each model
 * sends one instance, its best or, where times are drawn, one by a draw of them; and of those sent the best draw
 * of accuracy wins. A chance is that of being sent times that of winning against the others that were.
 */
class Draw implements Chooser {
  readonly #open: readonly Bid[];
  readonly #mandate: Exploring;
  readonly #rng: Rng;
  /** By model, the places of its instances, best first. */
  readonly #fleets: readonly (readonly number[])[];
  /** By model, the place that was sent. */
  readonly #sent: readonly number[];

  constructor(open: readonly Bid[], mandate: Exploring, rng: Rng) {
    this.#open = open;
    this.#mandate = mandate;
    this.#rng = rng;
    this.#fleets = fleetsOf(open);
    this.#sent = this.#fleets.map((fleet) =>
      this.#drawsTimes(fleet) ? fleet[drawLeast(this.#times(fleet), rng)]! : fleet[0]!,
    );
  }

  choose(): number {
    return this.#sent[drawLeast(this.#accuracies(this.#sent), this.#rng)]!;
  }

  chanceOf(at: number): number {
    const model = this.#fleets.findIndex((fleet) => fleet.includes(at));
    if (model < 0) return 0;
    const fleet = this.#fleets[model]!;
    const place = fleet.indexOf(at);
    const sending = this.#drawsTimes(fleet)
      ? chanceOfLeast(this.#times(fleet), place)
      : place === 0
        ? 1
        : 0;
    if (sending === 0) return 0;
    const against = this.#sent.map((sent, i) => (i === model ? at : sent));
    return sending * chanceOfLeast(this.#accuracies(against), model);
  }

  #drawsTimes(fleet: readonly number[]): boolean {
    const { exploration, objective } = this.#mandate;
    return exploration.drawsLatency && fleet.length > 1 && objective.usdPerSecond > 0;
  }

  #accuracies(places: readonly number[]): Normals {
    return this.#normals(places, (bid) => doubtUsd(bid, this.#mandate));
  }

  #times(places: readonly number[]): Normals {
    const { usdPerSecond } = this.#mandate.objective;
    return this.#normals(places, ({ latencyMs }) => (usdPerSecond * latencyMs.deviation) / 1000);
  }

  #normals(places: readonly number[], deviationOf: (bid: Bid) => number): Normals {
    const means = new Float64Array(places.length);
    const deviations = new Float64Array(places.length);
    for (let i = 0; i < places.length; i++) {
      const bid = this.#open[places[i]!]!;
      means[i] = bid.score;
      deviations[i] = deviationOf(bid);
    }
    return flooredNormals(means, deviations);
  }
}

function fleetsOf(open: readonly Bid[]): number[][] {
  const fleets: number[][] = [];
  for (let i = 0; i < open.length; i++) {
    const { model } = open[i]!.instance;
    const own = fleets.find((fleet) => open[fleet[0]!]!.instance.model === model);
    if (own === undefined) fleets.push([i]);
    else own.push(i);
  }
  return fleets;
}
