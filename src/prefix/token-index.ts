import { GPU } from './kv-events.ts';
import type { KvEvent } from './kv-events.ts';

/** Tokens at the beginning of a prompt that an engine holds. */
export interface TokenMatch {
  /** In the memory of the accelerator. */
  readonly gpuTokens: number;
  /** There, or in any other memory that the engine loads from. */
  readonly anyTokens: number;
}

/** A prompt as its engine renders it. */
export interface RenderedPrompt {
  readonly tokenIds: readonly number[];
  readonly adapter: string | null;
  /** For each block, as the engine's events have it; missing: nothing. */
  readonly extraKeys: readonly unknown[];
}

interface Block {
  readonly own: bigint;
  /** Media by group: a block of a model with several kinds of attention is there when all groups have it. */
  readonly media: Map<number, Set<string>>;
}

/** More blocks than any engine has now; what is stored beyond is not known. */
const BLOCKS_MAX = 1_000_000;
const NO_PARENT = 0n;

/**
 * The KV memory of one engine, as its events tell it, by token ids. Blocks are known by a hash of our own (FNV-1a,
 * 64 bits, over parent, adapter, extra keys and tokens): the engine's cannot be worked out from
 * outside, and stand for ours as the events name them.
 */
export class TokenIndex {
  readonly #blocks = new Map<bigint, Block>();
  /** By the engine's hash and its group: one hash may stand in several. */
  readonly #ownByEngine = new Map<bigint, bigint>();
  readonly #groups = new Set<number>();
  #blockSize = 0;

  get size(): number {
    return this.#blocks.size;
  }

  /** False where the event builds on what is not known: the memory has to be learned anew. */
  apply(event: KvEvent): boolean {
    switch (event.kind) {
      case 'cleared':
        this.clear();
        return true;
      case 'removed':
        for (const hash of event.hashes) this.#remove(hash, event.group, event.medium);
        return true;
      case 'stored':
        return this.#store(event);
      default:
        return event satisfies never;
    }
  }

  clear(): void {
    this.#blocks.clear();
    this.#ownByEngine.clear();
    this.#groups.clear();
  }

  match({ tokenIds, adapter, extraKeys }: RenderedPrompt): TokenMatch {
    const size = this.#blockSize;
    let [own, gpuTokens, anyTokens] = [NO_PARENT, 0, 0];
    let isOnGpu = true;
    for (let at = 0; size > 0 && at + size <= tokenIds.length; at += size) {
      own = hashBlock(own, { tokenIds, at, size, adapter, extra: extraKeys[at / size] });
      const block = this.#blocks.get(own);
      if (block === undefined || block.media.size < this.#groups.size) break;
      anyTokens = at + size;
      isOnGpu &&= [...block.media.values()].every((media) => media.has(GPU));
      if (isOnGpu) gpuTokens = anyTokens;
    }
    return { gpuTokens, anyTokens };
  }

  #store(event: Extract<KvEvent, { kind: 'stored' }>): boolean {
    const { hashes, parent, tokenIds, blockSize: size, adapter, medium, group } = event;
    let own = parent === null ? NO_PARENT : this.#ownByEngine.get(keyOf(parent, group));
    if (own === undefined || this.#blocks.size + hashes.length > BLOCKS_MAX) return false;
    this.#blockSize = size;
    this.#groups.add(group);
    for (let i = 0; i < hashes.length; i++) {
      const extra = event.extraKeys[i];
      own = hashBlock(own, { tokenIds, at: i * size, size, adapter, extra });
      this.#ownByEngine.set(keyOf(hashes[i]!, group), own);
      const block = this.#blocks.get(own) ?? { own, media: new Map() };
      this.#blocks.set(own, block);
      const media = block.media.get(group);
      if (media === undefined) block.media.set(group, new Set([medium]));
      else media.add(medium);
    }
    return true;
  }

  #remove(hash: bigint, group: number, medium: string): void {
    const key = keyOf(hash, group);
    const own = this.#ownByEngine.get(key);
    const block = own === undefined ? undefined : this.#blocks.get(own);
    const media = block?.media.get(group);
    if (block === undefined || media === undefined) return;
    media.delete(medium);
    if (media.size > 0) return;
    block.media.delete(group);
    this.#ownByEngine.delete(key);
    if (block.media.size === 0) this.#blocks.delete(block.own);
  }
}

const keyOf = (hash: bigint, group: number): bigint => (hash << 16n) | BigInt(group & 0xffff);

const PRIME = 0x100000001b3n;
const OFFSET = 0xcbf29ce484222325n;

function hashBlock(
  parent: bigint,
  block: {
    readonly tokenIds: readonly number[];
    readonly at: number;
    readonly size: number;
    readonly adapter: string | null;
    readonly extra: unknown;
  },
): bigint {
  const { tokenIds, at, size, adapter, extra } = block;
  let hash = mix(OFFSET, parent);
  const text = JSON.stringify([adapter, extra ?? null], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  for (let i = 0; i < text.length; i++) hash = mix(hash, BigInt(text.charCodeAt(i)));
  for (let i = at; i < at + size; i++) hash = mix(hash, BigInt(tokenIds[i]!));
  return hash;
}

const mix = (hash: bigint, word: bigint): bigint => BigInt.asUintN(64, (hash ^ word) * PRIME);
