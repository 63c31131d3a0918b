const SLOTS = 512;
const MIX = 0x9e3779b1;

/** Hashes of what was seen of a pair, each once. One set serves all pairs, one after the other. */
export class BucketSet {
  readonly #most: number;
  readonly #found: Int32Array;
  readonly #slots = new Int32Array(SLOTS);
  /** By slot: the round in which it was filled. */
  readonly #rounds = new Uint32Array(SLOTS);
  #round = 0;
  #count = 0;

  /** `most`: what is added beyond it is left out; at most half of the slots. */
  constructor(most: number) {
    this.#most = most;
    this.#found = new Int32Array(most);
  }

  clear(): void {
    this.#count = 0;
    this.#round = (this.#round + 1) >>> 0;
    if (this.#round > 0) return;
    this.#rounds.fill(0);
    this.#round = 1;
  }

  add(kind: number, hash: number): void {
    if (this.#count === this.#most) return;
    let h = Math.imul(hash ^ Math.imul(kind, 0x85ebca6b), MIX);
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
    h ^= h >>> 13;
    let slot = (h >>> 7) & (SLOTS - 1);
    while (this.#rounds[slot] === this.#round) {
      if (this.#slots[slot] === h) return;
      slot = (slot + 1) & (SLOTS - 1);
    }
    this.#rounds[slot] = this.#round;
    this.#slots[slot] = h;
    this.#found[this.#count++] = h;
  }

  take(): Int32Array {
    return this.#found.slice(0, this.#count);
  }
}
