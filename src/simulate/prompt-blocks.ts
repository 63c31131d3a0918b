import { mixHash } from './hash.ts';

/** A prompt as an engine sees it: how long, and the chained hash of each full block. */
export interface PromptBlocks {
  readonly tokens: number;
  /** `hashes[i]` stands for the tokens of blocks 0…i: equal hashes mean equal prefixes. 53 bits. */
  readonly hashes: readonly number[];
}

const LANE_A = 0x2f0b4c47;
const LANE_B = 0x6a09e667;

/** Cuts token ids into full blocks and chains their hashes; another salt shares no block. */
export function promptBlocks(
  ids: ArrayLike<number>,
  blockSize: number,
  cacheSalt: number,
): PromptBlocks {
  const hashes: number[] = [];
  let a = mixHash(LANE_A, cacheSalt);
  let b = mixHash(LANE_B, cacheSalt);
  const full = Math.floor(ids.length / blockSize);
  for (let block = 0; block < full; block++) {
    const end = (block + 1) * blockSize;
    for (let i = block * blockSize; i < end; i++) {
      const id = ids[i]!;
      a = Math.imul(a ^ id, 0xcc9e2d51);
      a = (a << 15) | (a >>> 17);
      b = Math.imul(b ^ id, 0x1b873593);
      b = (b << 13) | (b >>> 19);
    }
    a = mixHash(a, block);
    b = mixHash(b, block);
    hashes.push((a >>> 0) * 0x200000 + (b >>> 11));
  }
  return { tokens: ids.length, hashes };
}
