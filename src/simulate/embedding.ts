import { hashText, mixHash } from './hash.ts';

export const EMBEDDING_DIMENSIONS = 384;

/**
 * A unit vector by feature hashing (Weinberger et al., ICML 2009) of words and pairs of words: texts that
 * share words are near each other. A stand-in for a sentence encoder, equal on every machine.
 */
export function embedText(text: string): Float32Array {
  const vector = new Float32Array(EMBEDDING_DIMENSIONS);
  let previous = 0;
  let words = 0;
  for (const word of text.toLowerCase().split(/[\s.,;:!?'"()[\]{}]+/)) {
    if (word === '') continue;
    const hash = hashText(word);
    add(vector, hash, 1);
    if (words > 0) add(vector, mixHash(previous, hash), 0.5);
    previous = hash;
    words++;
  }
  if (words === 0) add(vector, 1, 1);
  let squares = 0;
  for (const value of vector) squares += value * value;
  // Opposite signs may cancel out everything: no text has the zero vector.
  if (squares === 0) {
    vector[0] = 1;
    squares = 1;
  }
  const norm = Math.sqrt(squares);
  return vector.map((value) => value / norm);
}

function add(vector: Float32Array, hash: number, weight: number): void {
  const at = hash % EMBEDDING_DIMENSIONS;
  vector[at]! += mixHash(hash, 0x51) & 1 ? weight : -weight;
}
