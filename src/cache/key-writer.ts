import { QUOTE, endOfValue } from '../wire/index.ts';

/** SHA-256, in hexadecimal digits. */
export type Digest = (bytes: Uint8Array) => string;

/** No key is longer. */
const KEY_BYTES_MAX = 96 * 1024;
/** Lengths, names and terms beside a body's own bytes. */
const SPARE_BYTES = 512;
/** Strings that are longer stand in the key by their digest, where digests are taken at all. */
const STRING_BYTES_MAX = 1024;
const LENGTH_BYTES = 4;
const GAP = 0xff_ff_ff_ff;
const UTF8_BYTES_PER_UNIT = 3;

/** Puts the pieces of a key one behind the other, each behind its length. */
export class KeyWriter {
  readonly #digest: Digest | null;
  #bytes: Buffer;
  #isFull = false;
  /** Where the next piece goes. */
  at = 0;

  /** `bytes`: about how long the key will be. `digest`: what is taken of long strings; null: they are copied. */
  constructor(bytes: number, digest: Digest | null) {
    this.#digest = digest;
    this.#bytes = Buffer.allocUnsafe(bytes + SPARE_BYTES);
  }

  text(text: string): void {
    if (!this.#hasRoom(LENGTH_BYTES + text.length * UTF8_BYTES_PER_UNIT)) return;
    const start = this.at + LENGTH_BYTES;
    const length = this.#bytes.write(text, start);
    this.#bytes.writeUInt32LE(length, this.at);
    this.at = start + length;
  }

  /** Stands where the last user turn was taken out. */
  gap(): void {
    if (!this.#hasRoom(LENGTH_BYTES)) return;
    this.#bytes.writeUInt32LE(GAP, this.at);
    this.at += LENGTH_BYTES;
  }

  /** From outside of any string to outside of any. */
  json(from: Buffer, start: number, end: number): void {
    if (!this.#hasRoom(LENGTH_BYTES)) return;
    const place = this.at;
    this.at += LENGTH_BYTES;
    if (this.#digest === null) this.rest(from, start, end);
    else this.#shortened(from, start, end, this.#digest);
    this.#bytes.writeUInt32LE(this.at - place - LENGTH_BYTES, place);
  }

  /** What ends the key, and needs no length. */
  rest(from: Buffer, start: number, end: number): void {
    if (this.#hasRoom(end - start)) this.at += from.copy(this.#bytes, this.at, start, end);
  }

  /** Null where it is longer than a key may be. */
  written(): Buffer | null {
    return this.#isFull ? null : this.#bytes.subarray(0, this.at);
  }

  /** A long string becomes `#` and its digest: outside of strings, JSON has no such sign. */
  #shortened(from: Buffer, start: number, end: number, digest: Digest): void {
    const text = { bytes: from, end, isStrict: false };
    let copied = start;
    let quote = from.indexOf(QUOTE, start);
    while (quote >= 0 && quote < end && !this.#isFull) {
      const after = endOfValue(text, quote, 0);
      if (after - quote > STRING_BYTES_MAX) {
        this.rest(from, copied, quote);
        const sign = Buffer.from(`#${digest(from.subarray(quote, after))}`);
        this.rest(sign, 0, sign.length);
        copied = after;
      }
      quote = from.indexOf(QUOTE, after);
    }
    this.rest(from, copied, end);
  }

  #hasRoom(bytes: number): boolean {
    const needed = this.at + bytes;
    if (this.#isFull || needed > KEY_BYTES_MAX) {
      this.#isFull = true;
      return false;
    }
    if (needed > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(Math.min(KEY_BYTES_MAX, needed * 2));
      this.#bytes.copy(wider, 0, 0, this.at);
      this.#bytes = wider;
    }
    return true;
  }
}
