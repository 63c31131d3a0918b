/**
 * A number in [0, 1) that is the decision's own: the same wherever and whenever it is drawn, and another
 * one for each purpose. FNV-1a, and the finaliser of MurmurHash3, since ids differ in their last character.
 */
export function drawOf(decision: string, purpose: number): number {
  let hash = 0x811c9dc5 ^ purpose;
  for (let i = 0; i < decision.length; i++) {
    hash = Math.imul(hash ^ decision.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x100000000;
}

export const DRAW = { judged: 1, pairwise: 2, panel: 3 } as const;
