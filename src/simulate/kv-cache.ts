import { assert } from '../kernel/index.ts';
import type { PromptBlocks } from './prompt-blocks.ts';

interface SharedBlock {
  readonly hash: number;
  /** Sequences that hold it; 0 leaves it in memory, ready to be hit or evicted. */
  holders: number;
}

/** The blocks of one sequence. Opaque to callers but for `cachedTokens`. */
export interface KvLease {
  /** Prompt tokens found in the cache: they need no prefill. */
  readonly cachedTokens: number;
  readonly prompt: PromptBlocks;
  readonly shared: SharedBlock[];
  privateBlocks: number;
  /** Full prompt blocks that are computed, whether shared or not. */
  computedBlocks: number;
}

export interface KvCache {
  /**
   * Blocks for a prompt and its whole answer, or null when memory does not hold them. Taking the
   * answer's blocks at once is what makes preemption, and with it deadlock, impossible.
   */
  take(prompt: PromptBlocks, outputTokens: number): KvLease | null;
  /** Offers the full blocks among the first `tokens` prompt tokens to later sequences. */
  publish(lease: KvLease, tokens: number): void;
  release(lease: KvLease): void;
  blocksFor(promptTokens: number, outputTokens: number): number;
  /** Blocks that a sequence holds; idle cached blocks do not count. */
  usedBlocks(): number;
  cachedBlocks(): number;
  usageRatio(): number;
}

/** KV memory in blocks, with a prefix cache that evicts the least recently used idle block. */
export function createKvCache(capacityBlocks: number, blockSize: number): KvCache {
  const byHash = new Map<number, SharedBlock>();
  /** Holders 0, oldest first. */
  const idle = new Set<SharedBlock>();
  let used = 0;

  function evictFor(blocks: number): void {
    let excess = used + idle.size + blocks - capacityBlocks;
    for (const block of idle) {
      if (excess <= 0) return;
      idle.delete(block);
      byHash.delete(block.hash);
      excess--;
    }
    assert(excess <= 0, 'KV memory holds every block that was granted');
  }

  const blocksFor = (promptTokens: number, outputTokens: number): number =>
    Math.ceil((promptTokens + outputTokens) / blockSize);

  /** The longest cached prefix that leaves one token to compute: an engine needs its logits. */
  function match(prompt: PromptBlocks): SharedBlock[] {
    const most = Math.min(prompt.hashes.length, Math.floor((prompt.tokens - 1) / blockSize));
    const matched: SharedBlock[] = [];
    for (let i = 0; i < most; i++) {
      const block = byHash.get(prompt.hashes[i]!);
      if (block === undefined) break;
      matched.push(block);
    }
    return matched;
  }

  function release(lease: KvLease): void {
    used -= lease.privateBlocks;
    lease.privateBlocks = 0;
    // Tail first: the end of a prefix is of less use to others than its beginning.
    for (let block = lease.shared.pop(); block !== undefined; block = lease.shared.pop()) {
      if (--block.holders > 0) continue;
      used--;
      idle.add(block);
    }
  }

  return {
    take(prompt, outputTokens) {
      const shared = match(prompt);
      const revived = shared.reduce((sum, block) => sum + (block.holders === 0 ? 1 : 0), 0);
      const fresh = blocksFor(prompt.tokens, outputTokens) - shared.length;
      if (used + revived + fresh > capacityBlocks) return null;
      for (const block of shared) {
        if (block.holders++ > 0) continue;
        idle.delete(block);
        used++;
      }
      evictFor(fresh);
      used += fresh;
      const cachedTokens = shared.length * blockSize;
      return {
        cachedTokens,
        prompt,
        shared,
        privateBlocks: fresh,
        computedBlocks: shared.length,
      };
    },
    publish(lease, tokens) {
      const full = Math.min(lease.prompt.hashes.length, Math.floor(tokens / blockSize));
      while (lease.computedBlocks < full) {
        const hash = lease.prompt.hashes[lease.computedBlocks++]!;
        // A twin that was computed at the same time stays private and is freed with its sequence.
        if (byHash.has(hash)) continue;
        const block: SharedBlock = { hash, holders: 1 };
        byHash.set(hash, block);
        lease.shared.push(block);
        lease.privateBlocks--;
      }
    },
    release,
    blocksFor,
    usedBlocks: () => used,
    cachedBlocks: () => byHash.size,
    usageRatio: () => used / capacityBlocks,
  };
}
