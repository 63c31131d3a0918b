import { assert } from '../kernel/index.ts';
import type { PromptBlocks } from './prompt-blocks.ts';

interface SharedBlock {
  readonly hash: number;
  /** Sequences that hold it; 0 leaves it in memory, ready to be hit or evicted. */
  holders: number;
  /** Its neighbours among those without a holder; itself where it has one. */
  older: SharedBlock;
  newer: SharedBlock;
}

/** The blocks of one sequence. */
export interface KvLease {
  /** Prompt tokens found in the cache: they need no prefill. */
  readonly cachedTokens: number;
  readonly prompt: PromptBlocks;
  readonly shared: SharedBlock[];
  privateBlocks: number;
  /** Full prompt blocks that are computed, whether shared or not. */
  computedBlocks: number;
}

/** KV memory in blocks, with a prefix cache that evicts the least recently used idle block. */
export class KvCache {
  readonly #capacityBlocks: number;
  readonly #blockSize: number;
  readonly #byHash = new Map<number, SharedBlock>();
  /** Between its `newer` and its `older`, the blocks without a holder, oldest first: a ring, since taking the first of a set is slow. */
  readonly #idle = sharedBlock(Number.NaN);
  #idleBlocks = 0;
  #used = 0;

  constructor(capacityBlocks: number, blockSize: number) {
    this.#capacityBlocks = capacityBlocks;
    this.#blockSize = blockSize;
  }

  /** Blocks that sequences hold; idle cached blocks do not count. */
  get usedBlocks(): number {
    return this.#used;
  }

  /** Tokens of a prompt that would be found. */
  cachedTokens(prompt: PromptBlocks): number {
    return this.#match(prompt).length * this.#blockSize;
  }

  fits(promptTokens: number, outputTokens: number): boolean {
    return this.#blocksFor(promptTokens + outputTokens) <= this.#capacityBlocks;
  }

  /**
   * Blocks for a prompt and the tokens that are behind it already, or null when memory does not hold them. The answer's
   * further blocks are taken as it grows: `grow`.
   */
  take(prompt: PromptBlocks, writtenTokens: number): KvLease | null {
    const shared = this.#match(prompt);
    const revived = shared.reduce((sum, block) => sum + (block.holders === 0 ? 1 : 0), 0);
    const fresh = this.#blocksFor(prompt.tokens + writtenTokens) - shared.length;
    if (this.#used + revived + fresh > this.#capacityBlocks) return null;
    for (const block of shared) {
      if (block.holders++ > 0) continue;
      unlink(block);
      this.#idleBlocks--;
      this.#used++;
    }
    this.#evictFor(fresh);
    this.#used += fresh;
    const cachedTokens = shared.length * this.#blockSize;
    return { cachedTokens, prompt, shared, privateBlocks: fresh, computedBlocks: shared.length };
  }

  /** Blocks for `tokens` in all; false, and nothing taken, when memory does not hold them. */
  grow(lease: KvLease, tokens: number): boolean {
    const fresh = this.#blocksFor(tokens) - lease.shared.length - lease.privateBlocks;
    if (fresh <= 0) return true;
    if (this.#used + fresh > this.#capacityBlocks) return false;
    this.#evictFor(fresh);
    this.#used += fresh;
    lease.privateBlocks += fresh;
    return true;
  }

  /** Offers the full blocks among the first `tokens` prompt tokens to later sequences. */
  publish(lease: KvLease, tokens: number): void {
    const full = Math.min(lease.prompt.hashes.length, Math.floor(tokens / this.#blockSize));
    while (lease.computedBlocks < full) {
      const hash = lease.prompt.hashes[lease.computedBlocks++]!;
      // A twin that was computed at the same time stays private and is freed with its sequence.
      if (this.#byHash.has(hash)) continue;
      const block = sharedBlock(hash);
      this.#byHash.set(hash, block);
      lease.shared.push(block);
      lease.privateBlocks--;
    }
  }

  release(lease: KvLease): void {
    this.#used -= lease.privateBlocks;
    lease.privateBlocks = 0;
    // Tail first: the end of a prefix is of less use to others than its beginning.
    for (let block = lease.shared.pop(); block !== undefined; block = lease.shared.pop()) {
      if (--block.holders > 0) continue;
      this.#used--;
      this.#idleBlocks++;
      block.newer = this.#idle;
      block.older = this.#idle.older;
      block.older.newer = block;
      this.#idle.older = block;
    }
  }

  #blocksFor(tokens: number): number {
    return Math.ceil(tokens / this.#blockSize);
  }

  /** The longest cached prefix that leaves one token to compute: an engine needs its logits. */
  #match(prompt: PromptBlocks): SharedBlock[] {
    const most = Math.min(prompt.hashes.length, Math.floor((prompt.tokens - 1) / this.#blockSize));
    const matched: SharedBlock[] = [];
    for (let i = 0; i < most; i++) {
      const block = this.#byHash.get(prompt.hashes[i]!);
      if (block === undefined) break;
      matched.push(block);
    }
    return matched;
  }

  #evictFor(blocks: number): void {
    let excess = this.#used + this.#idleBlocks + blocks - this.#capacityBlocks;
    for (; excess > 0 && this.#idleBlocks > 0; excess--) {
      const oldest = this.#idle.newer;
      unlink(oldest);
      this.#idleBlocks--;
      this.#byHash.delete(oldest.hash);
    }
    assert(excess <= 0, 'KV memory holds every block that was granted');
  }
}

/** Held by one sequence. */
function sharedBlock(hash: number): SharedBlock {
  const block = { hash, holders: 1 } as SharedBlock;
  block.older = block;
  block.newer = block;
  return block;
}

function unlink(block: SharedBlock): void {
  block.older.newer = block.newer;
  block.newer.older = block.older;
  block.older = block;
  block.newer = block;
}
