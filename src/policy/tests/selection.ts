import type { Feature } from './features.ts';

interface Offer<T> {
  readonly item: T;
  readonly size: number;
  /** What it shows, thresholds left out: those are shown by whoever is nearest. */
  readonly shows: readonly string[];
  /** The order in which it came. */
  readonly place: number;
}

/** A chosen item, and what is covered by it and not by those before it. */
export interface Chosen<T> {
  readonly item: T;
  readonly covers: readonly string[];
}

/** More features than this are no policy's: the text of a client has got into them. */
const FEATURES_MAX = 5_000;

/**
 * Keeps of everything that is offered what shows each feature best: the nearest to its threshold, then
 * the smallest, then the first. What it holds depends on the features, and not on how much is offered.
 */
export class Selection<T> {
  readonly #best = new Map<string, { readonly distance: number; readonly offer: Offer<T> }>();
  #offered = 0;

  get offered(): number {
    return this.#offered;
  }

  offer(item: T, size: number, features: readonly Feature[]): void {
    const shows = features.filter(({ distance }) => distance === 0).map(({ text }) => text);
    const offer = { item, size, shows, place: this.#offered++ };
    for (const { text, distance } of features) {
      const best = this.#best.get(text);
      if (best === undefined && this.#best.size >= FEATURES_MAX) continue;
      const isBetter =
        best === undefined ||
        distance < best.distance ||
        (distance === best.distance && size < best.offer.size);
      if (isBetter) this.#best.set(text, { distance, offer });
    }
  }

  /** A small set that covers every feature: again and again what covers most of the rest. At most `limit`. */
  choose(limit: number): readonly Chosen<T>[] {
    const shown = new Map<Offer<T>, Set<string>>();
    for (const [text, { offer }] of this.#best) {
      const own = shown.get(offer) ?? new Set(offer.shows);
      shown.set(offer, own.add(text));
    }
    const chosen: Chosen<T>[] = [];
    const offers = [...shown.keys()].toSorted((a, b) => a.size - b.size || a.place - b.place);
    const open = new Set(this.#best.keys());
    while (open.size > 0 && chosen.length < limit) {
      let best = offers[0]!;
      let covers: readonly string[] = [];
      for (const offer of offers) {
        const news = [...shown.get(offer)!].filter((text) => open.has(text));
        if (news.length > covers.length) [best, covers] = [offer, news];
      }
      for (const text of covers) open.delete(text);
      chosen.push({ item: best.item, covers });
    }
    return chosen;
  }
}
