import type { PromptChain } from '../contract/index.ts';
import type { TokenBlock, TokenIndex } from './token-index.ts';

/** The blocks of tokens that end within one block of bytes. */
interface Span {
  /** How many blocks of tokens come before. */
  from: number;
  blocks: TokenBlock[];
}

/** A chain as its engine renders it. */
export interface ChainRendering {
  readonly chain: PromptChain;
  readonly tokens: number;
  readonly blockSize: number;
  readonly blocks: readonly number[];
}

/** What the events say of a chain: how much of it is held, in bytes, and whether they are sure of the rest. */
export interface ChainReading {
  heldBytes: number;
  /** The end was reached, or a block that is not held: for the rest they do not know. */
  stop: 'end' | 'unknown' | 'missing' | 'gone';
}

/** Blocks of bytes and of tokens that are known together, about 100 bytes each. */
const SPANS_MAX = 32_768;
const BLOCKS_MAX = 65_536;
/** Another rendering of the same bytes, and not another text behind them: less of the blocks in common than this. */
const SAME_RATIO = 0.2;
/** Of the proportions. */
const ROUNDING = 1e-6;

/** Of the beginning of a chain: spans, and the blocks of tokens in them. */
interface Known {
  readonly spans: number;
  readonly blocks: number;
}
const NOTHING: Known = { spans: 0, blocks: 0 };

/**
 * Which blocks of tokens the blocks of bytes stand for, of the prompts that were rendered last. Where
 * a block of bytes ends among the tokens is worked out in proportion, between ends that are known: two
 * prompts that share their first bytes share the tokens of these, and no more.
 */
export class ChainBlocks {
  readonly #index: TokenIndex;
  /** By the hash of the block of bytes, the one used longest ago first; none outlives the one before it. */
  readonly #spans = new Map<number, Span>();
  #watched = 0;

  constructor(index: TokenIndex) {
    this.#index = index;
  }

  get size(): number {
    return this.#spans.size;
  }

  /** Fills in `reading`, so that a lookup makes no object. */
  read({ hashes, ends }: PromptChain, reading: ChainReading): void {
    reading.heldBytes = 0;
    for (let i = 0; i < hashes.length; i++) {
      const span = this.#spans.get(hashes[i]!);
      if (span === undefined) {
        reading.stop = 'unknown';
        return;
      }
      for (const block of span.blocks) {
        if (this.#index.isOnGpu(block)) continue;
        reading.stop = block.isGone ? 'gone' : 'missing';
        return;
      }
      if (span.blocks.length > 0) reading.heldBytes = ends[i]!;
    }
    reading.stop = 'end';
  }

  /** Whether all of its blocks are known. */
  knows({ hashes }: PromptChain): boolean {
    return hashes.length > 0 && this.#spans.has(hashes.at(-1)!);
  }

  learn(rendering: ChainRendering): void {
    const { chain, blocks } = rendering;
    const shared = this.#share(rendering);
    let at = shared.blocks;
    for (let i = shared.spans; i < chain.hashes.length; i++) {
      const upTo = this.#endOf(rendering, shared, i);
      this.#set(chain.hashes[i]!, at, blocks.slice(at, upTo));
      at = Math.max(at, upTo);
    }
    this.touch(chain);
    this.#drop();
  }

  clear(): void {
    for (const span of this.#spans.values()) this.#release(span);
    this.#spans.clear();
  }

  /** The spans that other prompts have made known, mended where this one shows that they were wrong; and the blocks in them. */
  #share(rendering: ChainRendering): Known {
    const { chain, blocks } = rendering;
    const known: Span[] = [];
    let common = Infinity;
    for (const hash of chain.hashes) {
      const span = this.#spans.get(hash);
      if (span === undefined) break;
      known.push(span);
      const differs = span.blocks.findIndex(({ own }, k) => own !== blocks[span.from + k]);
      if (differs >= 0) common = Math.min(common, span.from + differs);
    }
    const end = known.length - 1;
    if (common < SAME_RATIO * this.#endOf(rendering, NOTHING, end)) return NOTHING;
    let at = 0;
    for (let i = 0; i <= end; i++) {
      const { from, blocks: had } = known[i]!;
      const upTo =
        common === Infinity
          ? Math.max(at, from + had.length)
          : Math.floor((common * chain.ends[i]!) / chain.ends[end]! + ROUNDING);
      const isSame = from === at && upTo === from + had.length && common === Infinity;
      if (!isSame) this.#set(chain.hashes[i]!, at, blocks.slice(at, upTo));
      at = upTo;
    }
    return { spans: known.length, blocks: at };
  }

  /** How many blocks of tokens end where the block of bytes does, in proportion from what is known on. */
  #endOf({ chain, tokens, blockSize, blocks }: ChainRendering, from: Known, i: number): number {
    if (i < 0) return 0;
    const bytesBefore = from.spans === 0 ? 0 : chain.ends[from.spans - 1]!;
    const tokensBefore = from.blocks * blockSize;
    const ratio = (chain.ends[i]! - bytesBefore) / Math.max(1, chain.totalBytes - bytesBefore);
    const end = tokensBefore + (tokens - tokensBefore) * ratio;
    return Math.min(blocks.length, Math.floor(end / blockSize + ROUNDING));
  }

  #set(hash: number, from: number, owns: readonly number[]): void {
    const blocks = owns.map((own) => this.#index.watch(own));
    this.#watched += blocks.length;
    const before = this.#spans.get(hash);
    if (before !== undefined) this.#release(before);
    this.#spans.set(hash, { from, blocks });
  }

  #release({ blocks }: Span): void {
    for (const block of blocks) this.#index.unwatch(block);
    this.#watched -= blocks.length;
  }

  /** Its blocks are used last, the first of them as the very last. */
  touch({ hashes }: PromptChain): void {
    for (let i = hashes.length - 1; i >= 0; i--) {
      const span = this.#spans.get(hashes[i]!);
      if (span === undefined) continue;
      this.#spans.delete(hashes[i]!);
      this.#spans.set(hashes[i]!, span);
    }
  }

  #drop(): void {
    for (const [hash, span] of this.#spans) {
      if (this.#spans.size <= SPANS_MAX && this.#watched <= BLOCKS_MAX) return;
      this.#release(span);
      this.#spans.delete(hash);
    }
  }
}
