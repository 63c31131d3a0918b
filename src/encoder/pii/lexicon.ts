/** What a word of the lexicon can be. Bits: a word is often several. */
export const FIRST_NAME = 1;
export const LAST_NAME = 2;
export const CITY = 4;
export const COUNTRY = 8;
export const DEMONYM = 16;
export const STREET = 32;
export const COMPANY = 64;
export const JOB = 128;
export const HONORIFIC = 256;
export const MONTH = 512;
/** Mostly in lower case in running text. */
export const COMMON = 1024;

/** Hashes of words and what they can be, by open addressing. */
export class Lexicon {
  readonly #keys: Uint32Array;
  readonly #values: Uint16Array;
  readonly #mask: number;

  constructor(hashes: Uint32Array, bits: Uint16Array) {
    const size = 2 ** Math.ceil(Math.log2(hashes.length * 2 + 2));
    this.#mask = size - 1;
    this.#keys = new Uint32Array(size);
    this.#values = new Uint16Array(size);
    hashes.forEach((hash, i) => {
      const slot = this.#slot(hash);
      this.#keys[slot] = hash;
      this.#values[slot] = bits[i]!;
    });
  }

  /** 0 for a word that it does not hold. */
  bits(hash: number): number {
    return this.#values[this.#slot(hash)]!;
  }

  /** Where `hash` is, or would be. An empty slot has the value 0. */
  #slot(hash: number): number {
    let slot = Math.imul(hash, 0x9e3779b1) & this.#mask;
    while (this.#values[slot] !== 0 && this.#keys[slot] !== hash) slot = (slot + 1) & this.#mask;
    return slot;
  }
}
