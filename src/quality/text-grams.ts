/** Words and pairs of neighbouring words, as hashed buckets. */
export const GRAM_BUCKETS = 2 ** 15;

/** Of a longer text the end is read: that is where the question stands. */
export const GRAM_UNITS_MAX = 6000;

const PRIME = 0x01000193;
const OFFSET = 0x811c9dc5;
const SPACE = 0x20;

/** Distinct buckets of one text after the other, without a set per text. */
export class GramReader {
  readonly #metIn = new Int32Array(GRAM_BUCKETS);
  readonly #units = new Uint16Array(GRAM_UNITS_MAX + 2);
  readonly #found = new Int32Array(GRAM_BUCKETS);
  #text = 0;
  #count = 0;

  /** Valid until the next call. */
  read(text: string): Int32Array {
    this.#text++;
    this.#count = 0;
    const start = Math.max(0, text.length - GRAM_UNITS_MAX);
    let [size, previous] = [0, 0];
    for (let i = start; i <= text.length; i++) {
      const unit = i === text.length ? SPACE : foldedUnit(text.charCodeAt(i));
      const isWord = isWordUnit(unit);
      if (isWord) this.#units[size++] = unit;
      if (isWord && i < text.length) continue;
      if (size > 0) {
        previous = this.#readWord(size, previous);
        size = 0;
      }
      // A mark is a word of its own.
      if (unit > SPACE && !isWord) previous = this.#readMark(unit, previous);
    }
    return this.#found.subarray(0, this.#count);
  }

  #readWord(size: number, previous: number): number {
    const units = this.#units;
    let whole = OFFSET;
    for (let i = 0; i < size; i++) whole = mix(whole, units[i]!);
    this.#meet(mix(whole, 1));
    if (previous !== 0) this.#meet(mix(mix(previous, whole), 2));
    return whole;
  }

  #readMark(unit: number, previous: number): number {
    const whole = mix(OFFSET, unit);
    this.#meet(mix(whole, 1));
    if (previous !== 0) this.#meet(mix(mix(previous, whole), 2));
    return whole;
  }

  #meet(hash: number): void {
    const bucket = ((hash ^ (hash >>> 15)) >>> 0) & (GRAM_BUCKETS - 1);
    if (this.#metIn[bucket] === this.#text) return;
    this.#metIn[bucket] = this.#text;
    this.#found[this.#count++] = bucket;
  }
}

/** One step of FNV-1a over 16-bit units. */
const mix = (hash: number, unit: number): number => Math.imul(hash ^ unit, PRIME);

const foldedUnit = (unit: number): number => (unit >= 0x41 && unit <= 0x5a ? unit + 32 : unit);

const isWordUnit = (unit: number): boolean =>
  (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x30 && unit <= 0x39) || unit > 0x7f;
