import type { OpenExchange } from './server-host.ts';

/**
 * The requests in flight, as an array that each knows its place in. A `Set` with as many additions and
 * deletions leaves a chain of outgrown tables behind, which keeps the requests alive until the next
 * full collection: on a busy server that doubles the collector's share of the processor.
 */
export class OpenExchanges {
  readonly #items: OpenExchange[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(exchange: OpenExchange): void {
    exchange.place = this.#items.length;
    this.#items.push(exchange);
  }

  /** Does nothing for one that is not in. */
  delete(exchange: OpenExchange): void {
    const { place } = exchange;
    if (this.#items[place] !== exchange) return;
    const last = this.#items.pop()!;
    if (last === exchange) return;
    this.#items[place] = last;
    last.place = place;
  }

  /** A copy: what is done with each may end it. */
  all(): readonly OpenExchange[] {
    return [...this.#items];
  }
}
