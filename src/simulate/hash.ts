/** The finaliser of MurmurHash3 (Austin Appleby, public domain): every input bit reaches every output bit. */
function avalanche(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Joins a 32-bit hash and one more word. */
export function mixHash(hash: number, word: number): number {
  return avalanche(Math.imul(hash ^ word, 0x9e3779b1) + (hash << 7));
}

/** A 32-bit hash of a text. Stable across runs and machines; not for secrets. */
export function hashText(text: string, seed = 0): number {
  let hash = avalanche(seed + 0x5bd1e995);
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash ^= hash >>> 15;
  }
  return avalanche(hash ^ text.length);
}

/** Uniform on [0, 1), the same for the same hash and salt. */
export function uniformOf(hash: number, salt: number): number {
  return mixHash(hash, salt) / 0x100000000;
}

/** Standard normal, the same for the same hash and salt (Box and Muller 1958). */
export function normalOf(hash: number, salt: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformOf(hash, salt)));
  return radius * Math.cos(2 * Math.PI * uniformOf(hash, salt + 0x10001));
}
