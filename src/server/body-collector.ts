const PIECES_MAX = 64;

/**
 * Collects a request's body with one copy, or none where it came in one piece. A body sent in very
 * many tiny pieces is copied into one growing buffer instead, since each piece kept costs more
 * memory than it holds.
 */
export class BodyCollector {
  #length = 0;
  #first: Buffer | null = null;
  #pieces: Buffer[] | null = null;
  #merged: Buffer | null = null;

  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    const offset = this.#length;
    this.#length += piece.length;
    if (this.#merged !== null) this.#append(piece, offset);
    else if (this.#first === null) this.#first = piece;
    else if (this.#pieces === null) this.#pieces = [this.#first, piece];
    else if (this.#pieces.push(piece) > PIECES_MAX) this.#merge();
  }

  /** The whole body. The collector is spent. */
  take(): Buffer {
    if (this.#merged !== null) return this.#merged.subarray(0, this.#length);
    if (this.#pieces !== null) return Buffer.concat(this.#pieces, this.#length);
    return this.#first ?? Buffer.alloc(0);
  }

  #merge(): void {
    this.#merged = Buffer.allocUnsafe(this.#length * 2);
    let offset = 0;
    for (const piece of this.#pieces!) offset += piece.copy(this.#merged, offset);
    this.#pieces = null;
    this.#first = null;
  }

  #append(piece: Buffer, offset: number): void {
    if (this.#length > this.#merged!.length) {
      const grown = Buffer.allocUnsafe(this.#length * 2);
      this.#merged!.copy(grown, 0, 0, offset);
      this.#merged = grown;
    }
    piece.copy(this.#merged!, offset);
  }
}
