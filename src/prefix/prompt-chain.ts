import type { PromptChain } from '../contract/index.ts';

/** What goes before all blocks and has no length: who may share, and with what. */
export interface ChainRoot {
  readonly texts: readonly string[];
  readonly numbers: readonly number[];
}

/** A span of bytes. */
export interface Segment {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** About the 16 to 32 tokens of an engine's block; coarser where a prompt is long, so that there are hundreds of blocks at most. */
const BLOCK_BYTES = 128;
const LONG_BYTES = 16 * 1024;
const LONG_BLOCK_BYTES = 512;
const LONGER_BYTES = 128 * 1024;
const LONGER_BLOCK_BYTES = 2048;
/** The rest of a longer prompt is not looked at. */
const BLOCKS_MAX = 1024;

/** Written over by every chain. */
const hashesOf = new Float64Array(BLOCKS_MAX);
const endsOf = new Int32Array(BLOCKS_MAX);

/**
 * Cuts the segments of a prompt into blocks and chains their hashes, two lanes of 32 bits
 * (multiplication and rotation as in MurmurHash3, Austin Appleby, public domain). A segment that
 * another follows ends with a block of its own, however short; what is left of the last is in none,
 * since a longer prompt goes on there. Not for secrets.
 */
export function chainPrompt(root: ChainRoot, segments: readonly Segment[]): PromptChain {
  const lanes = rooted(root);
  let count = 0;
  let offset = 0;
  for (let i = 0; i < segments.length; i++) {
    const { bytes, start, end } = segments[i]!;
    const isLast = i === segments.length - 1;
    let at = start;
    while (at < end && count < BLOCKS_MAX) {
      const size = Math.min(blockBytesAt(at - start), end - at);
      if (isLast && size < blockBytesAt(at - start)) break;
      mixBytes(lanes, bytes, at, at + size);
      at += size;
      hashesOf[count] = (lanes.a >>> 0) * 0x200000 + (lanes.b >>> 11);
      endsOf[count++] = offset + (at - start);
    }
    offset += end - start;
  }
  return {
    hashes: hashesOf.slice(0, count),
    ends: endsOf.slice(0, count),
    totalBytes: offset,
  };
}

function blockBytesAt(offset: number): number {
  if (offset < LONG_BYTES) return BLOCK_BYTES;
  return offset < LONGER_BYTES ? LONG_BLOCK_BYTES : LONGER_BLOCK_BYTES;
}

interface Lanes {
  a: number;
  b: number;
}

function rooted({ texts, numbers }: ChainRoot): Lanes {
  const lanes = { a: 0x2f0b4c47, b: 0x6a09e667 };
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) mixWord(lanes, text.charCodeAt(i));
    // Ends it: the beginning of the next is no part of this one.
    mixWord(lanes, -1 - text.length);
  }
  for (const number of numbers) mixWord(lanes, number);
  return lanes;
}

function mixWord(lanes: Lanes, word: number): void {
  const a = Math.imul(lanes.a ^ word, 0xcc9e2d51);
  const b = Math.imul(lanes.b ^ word, 0x1b873593);
  lanes.a = (a << 15) | (a >>> 17);
  lanes.b = (b << 13) | (b >>> 19);
}

function mixBytes(lanes: Lanes, bytes: Buffer, start: number, end: number): void {
  let { a, b } = lanes;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    a = Math.imul(a ^ word, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ word, 0x1b873593) + a;
    b = (b << 13) | (b >>> 19);
  }
  for (; at < end; at++) {
    a = Math.imul(a ^ bytes[at]!, 0x85ebca6b);
    b = Math.imul(b ^ bytes[at]!, 0xc2b2ae35) + a;
  }
  const length = end - start;
  lanes.a = avalanche(a ^ length);
  lanes.b = avalanche(b + lanes.a);
}

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
function avalanche(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
