/** The number of no block. */
const EMPTY = 0;
/** Places for each block that a generation holds: short probes. */
const PLACES_PER_BLOCK = 2;
const PLACES_MIN = 8;

/** One generation: open addressing in two arrays, so that no write makes an object. */
class Generation {
  readonly #hashes: Float64Array;
  readonly #usedAt: Float64Array;
  readonly #mask: number;
  size = 0;

  constructor(blocks: number) {
    const wanted = Math.max(PLACES_MIN, PLACES_PER_BLOCK * blocks);
    const places = 2 ** Math.ceil(Math.log2(wanted));
    this.#hashes = new Float64Array(places);
    this.#usedAt = new Float64Array(places);
    this.#mask = places - 1;
  }

  /** -1 where it does not hold the block. */
  usedAt(hash: number): number {
    const place = this.#placeOf(hash);
    return this.#hashes[place] === hash ? this.#usedAt[place]! : -1;
  }

  set(hash: number, usedAt: number): void {
    const place = this.#placeOf(hash);
    if (this.#hashes[place] !== hash) {
      this.#hashes[place] = hash;
      this.size++;
    }
    this.#usedAt[place] = usedAt;
  }

  clear(): void {
    if (this.size > 0) this.#hashes.fill(EMPTY);
    this.size = 0;
  }

  /** Its own place, or the empty one where it would go: there always is one. */
  #placeOf(hash: number): number {
    const hashes = this.#hashes;
    // The upper bits of 53: the lower 32 of what is left are a lane of the hash.
    let place = (hash / 0x200000) & this.#mask;
    while (hashes[place] !== hash && hashes[place] !== EMPTY) place = (place + 1) & this.#mask;
    return place;
  }
}

/**
 * When each block was used last. Of two generations the older is dropped when the younger is full: at
 * least half of the bound is kept, at most all of it, and nothing has to be moved to keep an order.
 */
export class BlockTable {
  #blocksMax = 0;
  #young: Generation | null = null;
  #old: Generation | null = null;

  /** Before any write: how many blocks it may hold. */
  bound(blocksMax: number): void {
    if (blocksMax === this.#blocksMax) return;
    this.#blocksMax = blocksMax;
    this.#young = new Generation(this.#generationMax());
    this.#old = new Generation(this.#generationMax());
  }

  /** -1 where it does not hold the block. `hash` is not 0. */
  usedAt(hash: number): number {
    if (this.#young === null) return -1;
    const usedAt = this.#young.usedAt(hash);
    return usedAt >= 0 ? usedAt : this.#old!.usedAt(hash);
  }

  set(hash: number, usedAt: number): void {
    const young = this.#young!;
    young.set(hash, usedAt);
    if (young.size < this.#generationMax()) return;
    const emptied = this.#old!;
    emptied.clear();
    this.#old = young;
    this.#young = emptied;
  }

  /** Its place is kept until its generation goes. */
  drop(hash: number): void {
    if (this.#young!.usedAt(hash) >= 0) this.#young!.set(hash, -1);
    if (this.#old!.usedAt(hash) >= 0) this.#old!.set(hash, -1);
  }

  clear(): void {
    this.#young?.clear();
    this.#old?.clear();
  }

  #generationMax(): number {
    return Math.max(1, this.#blocksMax >> 1);
  }
}
