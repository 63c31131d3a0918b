const GOLDEN = 0x9e3779b1;

/** Both operands are unsigned for the compiler too: a remainder of floats takes ten times as long. */
export const bucketOf = (hash: number, buckets: number): number =>
  (buckets & (buckets - 1)) === 0 ? hash & (buckets - 1) : (hash >>> 0) % (buckets >>> 0);

/** One step of the hash of token ids: 32-bit, multiplicative, the high half folded into the low. */
export function mixToken(hash: number, id: number): number {
  const mixed = Math.imul(hash ^ (id + 1), GOLDEN) >>> 0;
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** The hash of the `order` ids from `at` on: unsigned, 32 bits. */
export function ngramHash(ids: Int32Array, at: number, order: number): number {
  let hash = order;
  for (let i = at; i < at + order; i++) hash = mixToken(hash, ids[i]!);
  return hash;
}

export function pairHash(first: number, second: number): number {
  return mixToken(mixToken(2, first), second);
}
