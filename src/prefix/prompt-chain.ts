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
/** From there on a block is known by every fourth eight bytes: what differs in so long a text differs in more than a word. */
const SAMPLED_STEP_BYTES = 32;
const LONGER_BYTES = 128 * 1024;
const LONGER_BLOCK_BYTES = 2048;
/** The rest of a longer prompt is not looked at. */
const BLOCKS_MAX = 1024;

/**
 * Cuts the segments of a prompt into blocks and chains their hashes, two lanes of 32 bits
 * (multiplication and rotation as in MurmurHash3, Austin Appleby, public domain). A segment that
 * another follows ends with a block of its own, however short; what is left of the last is in none,
 * since a longer prompt goes on there. Not for secrets.
 */
export function chainPrompt(root: ChainRoot, segments: readonly Segment[]): PromptChain {
  const lanes = rooted(root);
  const hashes: number[] = [];
  const ends: number[] = [];
  let offset = 0;
  for (let i = 0; i < segments.length; i++) {
    const { bytes, start, end } = segments[i]!;
    const isLast = i === segments.length - 1;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = start;
    while (at < end && hashes.length < BLOCKS_MAX) {
      const size = Math.min(blockBytesAt(at - start), end - at);
      if (isLast && size < blockBytesAt(at - start)) break;
      const step = at - start < LONG_BYTES ? WORD_BYTES : SAMPLED_STEP_BYTES;
      mixBytes(lanes, view, { start: at, end: at + size, step });
      at += size;
      hashes.push((lanes.a >>> 0) * 0x200000 + (lanes.b >>> 11) || 1);
      ends.push(offset + (at - start));
    }
    offset += end - start;
  }
  return { hashes, ends, totalBytes: offset };
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

const WORD_BYTES = 8;

interface Block {
  readonly start: number;
  readonly end: number;
  /** From one eight bytes to the next. */
  readonly step: number;
}

/** Each lane takes every other word; at the end each takes in the other, so that none of the 64 bits is lost. */
function mixBytes(lanes: Lanes, view: DataView, block: Block): void {
  const { start, end, step } = block;
  let { a, b } = lanes;
  let at = start;
  for (; at + step <= end; at += step) {
    a = Math.imul(a ^ view.getInt32(at, true), 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ view.getInt32(at + 4, true), 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  for (; at < end; at++) {
    a = Math.imul(a ^ view.getUint8(at), 0x85ebca6b);
    a = (a << 15) | (a >>> 17);
  }
  lanes.a = avalanche(a ^ ((b << 7) | (b >>> 25)) ^ (end - start));
  lanes.b = avalanche(b + lanes.a);
}

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
function avalanche(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
