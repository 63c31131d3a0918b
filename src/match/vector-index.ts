import { SignScan } from './sign-scan.ts';

/** A vector that was found: where it stands, and its cosine with the one that was asked for. */
export interface Found {
  readonly place: number;
  readonly cosine: number;
}

const FIRST_ROWS = 64;
/** Of the members: where two vectors at a cosine of 0.5 differ in a third of their signs. */
const LIMIT_FIRST = 0.3;
const LIMIT_STEP = 0.02;
const LIMIT_MOST = 0.42;
/** More rows than this are not compared in full, if fewer will do. */
const NEAR_MAX = 1_024;
/** Rows that are compared in full, for each that is wanted: those whose signs agree best. */
const RERANKED_PER_ROW = 48;

/**
 * Vectors of unit length, searched by cosine. Each keeps the signs of its members as bits: a search
 * counts the bits that differ, in all rows, and compares the vectors themselves only for the rows
 * where few do.
 */
export class VectorIndex {
  readonly #dimensions: number;
  #vectors: Float32Array;
  #signs: SignScan;
  #isUsed: Uint8Array;
  #free: number[] = [];
  #rows = 0;
  #capacity = FIRST_ROWS;
  /** Bits in which a row may differ to be looked at: what the last search came to. */
  #limit: number;

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#vectors = new Float32Array(FIRST_ROWS * dimensions);
    this.#signs = new SignScan(dimensions, FIRST_ROWS);
    this.#isUsed = new Uint8Array(FIRST_ROWS);
    this.#limit = Math.floor(dimensions * LIMIT_FIRST);
  }

  get size(): number {
    return this.#rows - this.#free.length;
  }

  /** What an entry takes here. */
  get bytesPerRow(): number {
    return 4 * this.#dimensions + this.#signs.rowBytes + 3;
  }

  /** The place of the vector; that of one that was removed is used again. */
  add(vector: Float32Array): number {
    const place = this.#free.pop() ?? this.#rows++;
    if (place >= this.#capacity) this.#grow();
    this.#vectors.set(vector, place * this.#dimensions);
    signsOf(vector, this.#signs.rows, place * this.#signs.rowBytes);
    this.#isUsed[place] = 1;
    return place;
  }

  remove(place: number): void {
    if (this.#isUsed[place] !== 1) return;
    this.#isUsed[place] = 0;
    this.#free.push(place);
  }

  /** The nearest first. Of many rows, those that are nearly at a right angle, or beyond, are not found. */
  nearest(vector: Float32Array, count: number): Found[] {
    const wanted = count * RERANKED_PER_ROW;
    const isUsed = this.#isUsed;
    const found: Found[] = [];
    if (this.size <= wanted) {
      for (let place = 0; place < this.#rows; place++) {
        if (isUsed[place] === 0) continue;
        keepNearest(found, { place, cosine: this.#cosine(vector, place) }, count);
      }
      return found;
    }
    const near = this.#near(vector, wanted);
    const { places } = this.#signs;
    for (let i = 0; i < near; i++) {
      const place = places[i]!;
      if (isUsed[place] === 0) continue;
      const cosine = this.#cosine(vector, place);
      if (found.length < count || cosine > found[count - 1]!.cosine) {
        keepNearest(found, { place, cosine }, count);
      }
    }
    return found;
  }

  /** How many rows have nearly the same signs: enough, and not too many, where the last search's limit or one beside it gives that. */
  #near(vector: Float32Array, wanted: number): number {
    const signs = this.#signs;
    signsOf(vector, signs.asked, 0);
    const least = Math.ceil(this.#dimensions * LIMIT_STEP);
    const most = Math.floor(this.#dimensions * LIMIT_MOST);
    let near = signs.run(this.#rows, this.#limit);
    const isFew = near < wanted;
    for (;;) {
      const limit = this.#limit + (isFew ? least : -least);
      const isDone = isFew ? near >= wanted || limit > most : near <= NEAR_MAX || limit < least;
      if (isDone) return near;
      const before = this.#limit;
      this.#limit = limit;
      const again = signs.run(this.#rows, limit);
      // One step too far: what was there before it is enough.
      if (!isFew && again < wanted) {
        this.#limit = before;
        return signs.run(this.#rows, before);
      }
      near = again;
    }
  }

  #cosine(vector: Float32Array, place: number): number {
    const vectors = this.#vectors;
    const length = this.#dimensions;
    const start = place * length;
    let sum = 0;
    for (let i = 0; i < length; i++) sum += vector[i]! * vectors[start + i]!;
    return sum;
  }

  #grow(): void {
    this.#capacity *= 2;
    const vectors = new Float32Array(this.#capacity * this.#dimensions);
    vectors.set(this.#vectors);
    this.#vectors = vectors;
    const isUsed = new Uint8Array(this.#capacity);
    isUsed.set(this.#isUsed);
    this.#isUsed = isUsed;
    const signs = new SignScan(this.#dimensions, this.#capacity);
    signs.rows.set(this.#signs.rows);
    this.#signs = signs;
  }
}

/** Puts one that was found into the list, the nearest first, if it is among the first `count`. */
function keepNearest(found: Found[], one: Found, count: number): void {
  if (found.length === count && one.cosine <= found[count - 1]!.cosine) return;
  let at = found.length < count ? found.length : count - 1;
  while (at > 0 && found[at - 1]!.cosine < one.cosine) {
    found[at] = found[at - 1]!;
    at--;
  }
  found[at] = one;
}

/** A bit for each member: set where it is above zero. */
function signsOf(vector: Float32Array, out: Uint8Array, start: number): void {
  for (let i = 0, at = start; i < vector.length; i += 8, at++) {
    let bits = 0;
    const end = Math.min(8, vector.length - i);
    for (let k = 0; k < end; k++) if (vector[i + k]! > 0) bits |= 1 << k;
    out[at] = bits;
  }
}
