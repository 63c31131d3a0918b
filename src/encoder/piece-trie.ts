/** No piece goes on so. */
export const NONE = -1;

export interface Piece {
  readonly id: number;
  readonly text: string;
}

/**
 * Two tries over UTF-16 units, of pieces that begin a word and of pieces that go on with one, in one
 * open-addressing table of edges. Units are numbered densely as symbols. A node at which a piece ends
 * has the piece's id; the others, and the two roots, are numbered from `size` on.
 */
export class PieceTrie {
  readonly size: number;
  readonly beginning: number;
  readonly continuing: number;
  /** The symbol of each unit, above zero; units that no piece has share the last one. */
  readonly symbols: Uint32Array;
  readonly #symbolBits: number;
  /** Pairs of a key (node and symbol) and the node that the edge leads to, plus one; 0 is no edge. */
  #edges = new Int32Array(2 << 15);
  #mask = this.#edges.length - 1;
  #edgeCount = 0;
  #nodes: number;

  /** Throws `RangeError` where nodes and symbols do not fit 32 bits together. */
  constructor(beginning: readonly Piece[], continuing: readonly Piece[], size: number) {
    this.size = size;
    this.beginning = size;
    this.continuing = size + 1;
    this.#nodes = size + 2;
    const { symbols, foreign, characters } = numberUnits([beginning, continuing]);
    this.symbols = symbols;
    this.#symbolBits = 32 - Math.clz32(foreign);
    if (size + 2 + characters >= 2 ** (32 - this.#symbolBits)) {
      throw new RangeError('the vocabulary is too large');
    }
    this.#insert(this.beginning, beginning);
    this.#insert(this.continuing, continuing);
  }

  /** The node that `symbol` leads to, or `NONE`. Below `size` it is the id of the piece that ends there. */
  next(node: number, symbol: number): number {
    const edges = this.#edges;
    const key = (node << this.#symbolBits) | symbol;
    let at = this.#first(key);
    for (;;) {
      const child = edges[at + 1]!;
      if (child === 0 || edges[at] === key) return child - 1;
      at = (at + 2) & this.#mask;
    }
  }

  /** Shorter pieces first: the node of a piece is then new when the piece is put in. */
  #insert(root: number, pieces: readonly Piece[]): void {
    const byLength: Piece[][] = [];
    for (const piece of pieces) (byLength[piece.text.length] ??= []).push(piece);
    for (const group of byLength) {
      for (const { id, text } of group ?? []) this.#insertPiece(root, id, text);
    }
  }

  #insertPiece(root: number, id: number, text: string): void {
    let node = root;
    for (let i = 0; i < text.length; i++) {
      const symbol = this.symbols[text.charCodeAt(i)]!;
      let child = this.next(node, symbol);
      if (child === NONE) {
        child = i === text.length - 1 ? id : this.#nodes++;
        if (++this.#edgeCount * 3 > this.#edges.length) this.#grow();
        this.#put((node << this.#symbolBits) | symbol, child + 1);
      }
      node = child;
    }
  }

  #put(key: number, child: number): void {
    let at = this.#first(key);
    while (this.#edges[at + 1] !== 0) at = (at + 2) & this.#mask;
    this.#edges[at] = key;
    this.#edges[at + 1] = child;
  }

  #grow(): void {
    const old = this.#edges;
    this.#edges = new Int32Array(old.length * 2);
    this.#mask = this.#edges.length - 1;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at + 1] !== 0) this.#put(old[at]!, old[at + 1]!);
    }
  }

  #first(key: number): number {
    const hash = Math.imul(key, 0x9e3779b1);
    return ((hash ^ (hash >>> 15)) << 1) & this.#mask;
  }
}

function numberUnits(parts: readonly (readonly Piece[])[]): {
  readonly symbols: Uint32Array;
  readonly foreign: number;
  readonly characters: number;
} {
  const symbols = new Uint32Array(0x10000);
  let count = 0;
  let characters = 0;
  for (const pieces of parts) {
    for (const { text } of pieces) {
      characters += text.length;
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        if (symbols[unit] === 0) symbols[unit] = ++count;
      }
    }
  }
  const foreign = count + 1;
  for (let unit = 0; unit < symbols.length; unit++)
    if (symbols[unit] === 0) symbols[unit] = foreign;
  return { symbols, foreign, characters };
}
