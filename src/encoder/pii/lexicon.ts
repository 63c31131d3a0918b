/**
 * What a word of the lexicon can be, as bits, since a word is often several: first name 1, last name 2,
 * city 4, country 8, demonym 16, street 32, company 64, job 128, honorific 256, month 512, and 1024 for
 * what stands mostly in lower case in running text (`training/bourse/pii`).
 */
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
