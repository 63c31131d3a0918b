import type { CacheEntry } from '../contract/index.ts';
import { VectorIndex } from '../match/index.ts';
import type { RequestKey } from './request-key.ts';
import type { Visit } from './visit.ts';
import { hashBytes } from './request-key.ts';

/** An entry on its shelf. */
export interface Held {
  readonly entry: CacheEntry;
  readonly contextHash: number;
  readonly hash: number;
  readonly bytes: number;
  uses: number;
  /** What it is worth to keep: see `Shelf`. */
  worth: number;
  isGone: boolean;
}

/** A stored answer that was served; `visit`: the request, where it was found by meaning. */
export interface Served {
  readonly id: string;
  readonly visit: Visit | null;
}

export interface Neighbour {
  readonly held: Held;
  readonly cosine: number;
}

/** An entry that had to go: for one of the same request, for the route's own limit, for want of room, or in its time. */
export interface Gone {
  readonly id: string;
  readonly cause: 'replaced' | 'route' | 'room' | 'expired';
}

export interface ShelfLimits {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

/** What an entry takes besides its texts: objects, tables. */
const ENTRY_OVERHEAD_BYTES = 600;
/** What a hit is worth at least, so that free models' answers are kept by use and size too. */
const LEAST_SAVED_USD = 1e-6;

/** What has expired is looked for after so many new entries at least, and after so large a part of all. */
const SWEEP_ENTRIES = 64;
const SWEEP_PART = 16;

/** Decisions whose stored answer can still be judged. */
const SERVED_KEPT = 2_048;

const NOTHING: readonly Gone[] = [];

/** Entries with the same context, which are searched by meaning. */
interface Context {
  readonly index: VectorIndex;
  readonly held: (Held | undefined)[];
}

/**
 * The stored answers of one scope. What has to go when it is full is the entry of the least worth
 * (GreedyDual-Size-Frequency, Cherkasova 1998): `worth = age + uses · savedUsd / bytes`, where `age`
 * is the worth of the last one that went, so that what is not used any more ages.
 */
export class Shelf {
  readonly #limits: ShelfLimits;
  readonly #byHash = new Map<number, Held[]>();
  readonly #byId = new Map<string, Held>();
  readonly #byContext = new Map<number, Context>();
  readonly #served = new Map<string, Served>();
  readonly #byRoute = new Map<string, number>();
  readonly #heap: { readonly held: Held; readonly worth: number }[] = [];
  #bytes = 0;
  #age = 0;
  #hasCrowdedOut = false;
  #putSinceSweep = 0;

  constructor(limits: ShelfLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byId.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** There may be more than has room here. */
  get isCrowded(): boolean {
    return this.#hasCrowdedOut || this.#byId.size >= this.#limits.entriesMax;
  }

  entries(): IterableIterator<Held> {
    return this.#byId.values();
  }

  of(id: string): Held | null {
    return this.#byId.get(id) ?? null;
  }

  /** The entry of the same request, whole keys compared. */
  find({ hash, bytes }: RequestKey, nowMs: number): Held | null {
    for (const held of this.#byHash.get(hash) ?? []) {
      if (held.entry.expiresAtMs > nowMs && bytes.equals(held.entry.key)) return held;
    }
    return null;
  }

  /** Entries of the same context, the nearest question first. */
  nearest(
    { contextHash, bytes, contextBytes }: RequestKey,
    vector: Float32Array,
    { count, nowMs }: { readonly count: number; readonly nowMs: number },
  ): readonly Neighbour[] {
    const context = this.#byContext.get(contextHash);
    if (context === undefined) return [];
    const found: Neighbour[] = [];
    for (const { place, cosine } of context.index.nearest(vector, count)) {
      const held = context.held[place];
      if (held === undefined || held.entry.expiresAtMs <= nowMs) continue;
      const { key, contextBytes: own } = held.entry;
      const isSame = own === contextBytes && bytes.compare(key, 0, own, 0, own) === 0;
      if (isSame) found.push({ held, cosine });
    }
    return found;
  }

  noteServed(decision: string, served: Served): void {
    if (this.#served.size >= SERVED_KEPT) this.#served.delete(this.#served.keys().next().value!);
    this.#served.set(decision, served);
  }

  /** What was served at the decision, told once; null where it was nothing, or long ago. */
  takeServed(decision: string): Served | null {
    const served = this.#served.get(decision) ?? null;
    this.#served.delete(decision);
    return served;
  }

  used(held: Held): void {
    held.uses++;
    held.worth = this.#worthOf(held);
  }

  /** Whether there is an answer to the same request. */
  answers(entry: CacheEntry): boolean {
    const { key, hash } = hashesOf(entry);
    return (this.#byHash.get(hash) ?? []).some((held) => key.equals(held.entry.key));
  }

  /** Gives what had to go: that can be the entry itself. */
  put(entry: CacheEntry, routeMax: number | null): readonly Gone[] {
    const { key, hash, contextHash } = hashesOf(entry);
    const held: Held = {
      entry,
      contextHash,
      hash,
      bytes: bytesOf(entry),
      uses: 1,
      worth: 0,
      isGone: false,
    };
    if (held.bytes > this.#limits.bytesMax) return [{ id: entry.id, cause: 'room' }];
    held.worth = this.#worthOf(held);
    this.#putSinceSweep++;
    const gone: Gone[] = [];
    for (const old of this.#byHash.get(held.hash) ?? []) {
      if (key.equals(old.entry.key)) gone.push({ id: old.entry.id, cause: 'replaced' });
    }
    for (const { id } of gone) this.remove(id);
    if (routeMax !== null && (this.#byRoute.get(entry.route) ?? 0) >= routeMax) {
      this.#evict(gone, entry.route);
    }
    this.#add(held);
    while (this.#byId.size > this.#limits.entriesMax || this.#bytes > this.#limits.bytesMax) {
      if (!this.#evict(gone, null)) break;
    }
    return gone;
  }

  /** Removes what has expired, now and then: what is worth much would keep its room until something worth more comes. */
  sweep(nowMs: number): readonly Gone[] {
    const due = Math.max(SWEEP_ENTRIES, this.#byId.size / SWEEP_PART);
    if (this.#putSinceSweep < due) return NOTHING;
    this.#putSinceSweep = 0;
    const gone: Gone[] = [];
    for (const { entry } of this.#byId.values()) {
      if (entry.expiresAtMs <= nowMs) gone.push({ id: entry.id, cause: 'expired' });
    }
    for (const { id } of gone) this.remove(id);
    return gone;
  }

  remove(id: string): boolean {
    const held = this.#byId.get(id);
    if (held === undefined) return false;
    held.isGone = true;
    this.#byId.delete(id);
    this.#bytes -= held.bytes;
    this.#byRoute.set(held.entry.route, (this.#byRoute.get(held.entry.route) ?? 1) - 1);
    const same = (this.#byHash.get(held.hash) ?? []).filter((other) => other !== held);
    if (same.length === 0) this.#byHash.delete(held.hash);
    else this.#byHash.set(held.hash, same);
    const context = this.#byContext.get(held.contextHash);
    const place = context === undefined ? -1 : context.held.indexOf(held);
    if (context === undefined || place < 0) return true;
    context.held[place] = undefined;
    context.index.remove(place);
    if (context.index.size === 0) this.#byContext.delete(held.contextHash);
    return true;
  }

  #add(held: Held): void {
    const { entry, hash, contextHash } = held;
    this.#byId.set(entry.id, held);
    this.#bytes += held.bytes;
    this.#byRoute.set(entry.route, (this.#byRoute.get(entry.route) ?? 0) + 1);
    const same = this.#byHash.get(hash);
    if (same === undefined) this.#byHash.set(hash, [held]);
    else same.push(held);
    this.#push(held);
    if (entry.vector === null) return;
    let context = this.#byContext.get(contextHash);
    if (context === undefined) {
      context = { index: new VectorIndex(entry.vector.length), held: [] };
      this.#byContext.set(contextHash, context);
    }
    context.held[context.index.add(entry.vector)] = held;
  }

  #worthOf({ uses, bytes, entry }: Held): number {
    const savedUsd = Math.max(entry.answer.costPicoUsd / 1e12, LEAST_SAVED_USD);
    return this.#age + (uses * savedUsd) / bytes;
  }

  /** Lets go of the entry of the least worth, of one route where one is given. False: there is none. */
  #evict(gone: Gone[], route: string | null): boolean {
    const kept: Held[] = [];
    let found: Held | null = null;
    while (this.#heap.length > 0 && found === null) {
      const { held, worth } = this.#pop();
      if (held.isGone) continue;
      if (held.worth > worth) this.#push(held);
      else if (route !== null && held.entry.route !== route) kept.push(held);
      else found = held;
    }
    for (const held of kept) this.#push(held);
    if (found === null) return false;
    if (route === null) {
      this.#age = found.worth;
      this.#hasCrowdedOut = true;
    }
    this.remove(found.entry.id);
    gone.push({ id: found.entry.id, cause: route === null ? 'room' : 'route' });
    return true;
  }

  #push(held: Held): void {
    const heap = this.#heap;
    const added = { held, worth: held.worth };
    let at = heap.length;
    heap.push(added);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.worth <= added.worth) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = added;
  }

  #pop(): { readonly held: Held; readonly worth: number } {
    const heap = this.#heap;
    const least = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return least;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.worth < heap[child]!.worth) child++;
      if (heap[child]!.worth >= last.worth) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return least;
  }
}

function hashesOf({ key: bytes, contextBytes }: CacheEntry) {
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const contextHash = hashBytes(key, 0, contextBytes, 0);
  return { key, contextHash, hash: hashBytes(key, contextBytes, key.length, contextHash) };
}

/** Strings count two bytes per unit; a vector counts its floats and what the index keeps of it. */
export function bytesOf({ key, question, answer, vector }: CacheEntry): number {
  const texts = 2 * (question.length + answer.text.length);
  const vectors = vector === null ? 0 : vector.length * 4 + vector.length / 8;
  return ENTRY_OVERHEAD_BYTES + key.byteLength + texts + vectors;
}
