import { FOUND_BYTES, SignScan } from './sign-scan.ts';

/** A vector that was found: where it stands, and its cosine with the one that was asked for. */
export interface Found {
  readonly place: number;
  readonly cosine: number;
}

const FIRST_ROWS = 64;
/** Of the members: two vectors at a cosine of 0.5 differ in a third of their signs, and at 0.25 in so many. */
const LIMIT = 0.42;
/** Rows that are compared in full, for each that is wanted: those whose signs agree best. */
const RERANKED_PER_ROW = 128;
/** No more rows are compared in full: of more whose signs agree as well as each other's, some are overlooked. */
const RERANKED_MAX = 1_024;
/** Rows lie far apart in memory: that of one is waited for while others are summed. */
const AT_ONCE = 4;

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
  /** Of a search: the rows that are compared in full, and the cosines of those that are compared at once. */
  readonly #reranked = new Int32Array(RERANKED_MAX);
  readonly #cosines = new Float64Array(AT_ONCE);
  /** By differing bits: the rows of a search. */
  readonly #counts: Int32Array;

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#vectors = new Float32Array(FIRST_ROWS * dimensions);
    this.#signs = new SignScan(dimensions, FIRST_ROWS);
    this.#isUsed = new Uint8Array(FIRST_ROWS);
    this.#counts = new Int32Array(Math.floor(dimensions * LIMIT) + 1);
  }

  get size(): number {
    return this.#rows - this.#free.length;
  }

  /** What an entry takes here: its vector, its signs, its place in the list of a search, and whether it is used. */
  get bytesPerRow(): number {
    return 4 * this.#dimensions + this.#signs.rowBytes + FOUND_BYTES + 1;
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
    const signs = this.#signs;
    signsOf(vector, signs.asked, 0);
    const near = signs.run(this.#rows, this.#counts.length - 1);
    const most = this.#mostOf(near, wanted);
    const reranked = this.#reranked;
    let rows = 0;
    for (let i = 0; i < near && rows < RERANKED_MAX; i++) {
      if (signs.found[2 * i + 1]! > most) continue;
      const place = signs.found[2 * i]!;
      if (isUsed[place] === 1) reranked[rows++] = place;
    }
    const cosines = this.#cosines;
    for (let at = 0; at < rows; at += AT_ONCE) {
      this.#compare(vector, at, rows - 1);
      const end = Math.min(rows, at + AT_ONCE);
      for (let i = at; i < end; i++) {
        const cosine = cosines[i - at]!;
        if (found.length < count || cosine > found[count - 1]!.cosine) {
          keepNearest(found, { place: reranked[i]!, cosine }, count);
        }
      }
    }
    return found;
  }

  /** Fills `#cosines` with those of the rows that are reranked from `at` on; behind the last, with its own. */
  #compare(vector: Float32Array, at: number, last: number): void {
    const vectors = this.#vectors;
    const length = this.#dimensions;
    const reranked = this.#reranked;
    const a = reranked[at]! * length;
    const b = reranked[Math.min(at + 1, last)]! * length;
    const c = reranked[Math.min(at + 2, last)]! * length;
    const d = reranked[Math.min(at + 3, last)]! * length;
    let ofA = 0;
    let ofB = 0;
    let ofC = 0;
    let ofD = 0;
    for (let i = 0; i < length; i++) {
      const value = vector[i]!;
      ofA += value * vectors[a + i]!;
      ofB += value * vectors[b + i]!;
      ofC += value * vectors[c + i]!;
      ofD += value * vectors[d + i]!;
    }
    const cosines = this.#cosines;
    cosines[0] = ofA;
    cosines[1] = ofB;
    cosines[2] = ofC;
    cosines[3] = ofD;
  }

  /** In how many bits a row may differ so that as many as are wanted are looked at. */
  #mostOf(near: number, wanted: number): number {
    const counts = this.#counts.fill(0);
    const { found } = this.#signs;
    for (let i = 0; i < near; i++) counts[found[2 * i + 1]!]! += this.#isUsed[found[2 * i]!]!;
    let rows = 0;
    for (let bits = 0; bits < counts.length; bits++) {
      rows += counts[bits]!;
      if (rows >= wanted) return bits;
    }
    return counts.length;
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
