const MIX = 0x9e3779b1;

/** 32 bits of a text (FNV-1a). */
export function hashOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h | 0;
}

/** Of two hashes, in their order. */
export const joinHashes = (one: number, next: number): number =>
  Math.imul(one ^ (one >>> 15), MIX) ^ next;

/** Of two hashes, whichever comes first. */
export const pairHashes = (one: number, other: number): number =>
  joinHashes(Math.min(one, other), Math.max(one, other));
