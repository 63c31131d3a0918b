import type { Clock } from '../kernel/index.ts';
import { workerOf } from '../kernel/index.ts';
import { fitsSelector } from '../contract/index.ts';
import type {
  CacheConfig,
  CacheEntry,
  CacheLoss,
  CacheSelector,
  CacheStanding,
} from '../contract/index.ts';
import { Shelf } from './shelf.ts';
import type { Gone, Served } from './shelf.ts';

export interface ShelvesParts {
  readonly clock: Clock;
  readonly config: () => CacheConfig | undefined;
  /** The number that this worker's decision ids have. */
  readonly worker: number;
}

/** The stored answers of all scopes, each on a shelf of its own, and a count of those that are gone. */
export class Shelves {
  readonly #parts: ShelvesParts;
  readonly #shelves = new Map<string, Shelf>();
  readonly #scopeOfId = new Map<string, string>();
  readonly #losses: Record<CacheLoss, number> = {
    replaced: 0,
    room: 0,
    route: 0,
    expired: 0,
    judged: 0,
    forgotten: 0,
  };

  constructor(parts: ShelvesParts) {
    this.#parts = parts;
  }

  /** Null where the scope has no stored answers. */
  at(scope: string): Shelf | null {
    return this.#shelves.get(scope) ?? null;
  }

  /** Null where there is no place for the scope. */
  open(scope: string): Shelf | null {
    let shelf = this.#shelves.get(scope);
    if (shelf !== undefined) return shelf;
    const config = this.#parts.config();
    if (config === undefined || !this.#hasPlace(scope, config)) return null;
    const { entriesMax, bytesMax } = config;
    shelf = new Shelf({ entriesMax, bytesMax });
    this.#shelves.set(scope, shelf);
    return shelf;
  }

  /** Gives what had to go. */
  put(entry: CacheEntry, routeMax: number | null): readonly Gone[] {
    const shelf = this.open(entry.scope);
    if (shelf === null) return [{ id: entry.id, cause: 'room' }];
    const gone = shelf.put(entry, routeMax);
    this.#scopeOfId.set(entry.id, entry.scope);
    for (const { id } of gone) if (shelf.of(id) === null) this.#scopeOfId.delete(id);
    for (const { id } of shelf.sweep(this.#parts.clock.nowMs())) {
      this.#scopeOfId.delete(id);
      if (this.#isOwn(id)) this.#losses.expired++;
    }
    return gone;
  }

  /** False: it is not here. */
  drop(id: string): boolean {
    const scope = this.#scopeOfId.get(id);
    if (scope === undefined) return false;
    this.#scopeOfId.delete(id);
    return this.#shelves.get(scope)?.remove(id) ?? false;
  }

  /** Drops the answer of a decision that was judged wrong, and what was served at it: null where that was nothing stored. */
  reject(decision: string): Served | null {
    if (this.drop(decision) && this.#isOwn(decision)) this.#losses.judged++;
    for (const shelf of this.#shelves.values()) {
      const served = shelf.takeServed(decision);
      if (served === null) continue;
      if (this.drop(served.id)) this.#losses.judged++;
      return served;
    }
    return null;
  }

  forget(selector: CacheSelector): void {
    const ids: string[] = [];
    for (const shelf of this.#shelves.values()) {
      for (const { entry } of shelf.entries())
        if (fitsSelector(entry, selector)) ids.push(entry.id);
    }
    for (const id of ids) {
      if (this.drop(id) && this.#isOwn(id)) this.#losses.forgotten++;
    }
  }

  /** Counts what had to go for an answer of this worker's own: others that hear of it make room too. */
  lost({ cause }: Gone): void {
    this.#losses[cause]++;
  }

  standing(): Omit<CacheStanding, 'bounds'> {
    let entries = 0;
    let bytes = 0;
    for (const shelf of this.#shelves.values()) {
      entries += shelf.size;
      bytes += shelf.bytes;
    }
    return { entries, bytes, losses: { ...this.#losses } };
  }

  /** Its answer is of this worker: of what all workers lose, one counts it. */
  #isOwn(id: string): boolean {
    return workerOf(id) === this.#parts.worker;
  }

  /**
   * Who has stored answers is not a matter of who came first. Those whom no key names, since the store is that of
   * other hosts too or nobody needs a key, get the places that are left.
   */
  #hasPlace(scope: string, { scopesMax, places }: CacheConfig): boolean {
    const place = places?.get(scope);
    if (place !== undefined) return place < scopesMax;
    if (scope === '*') return true;
    let taken = places === undefined ? 0 : Math.min(places.size, scopesMax);
    for (const each of this.#shelves.keys()) if (each !== '*' && !places?.has(each)) taken++;
    return taken < scopesMax;
  }
}
