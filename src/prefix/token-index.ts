import { GPU } from './kv-events.ts';
import type { KvEvent } from './kv-events.ts';
import { hashTokens } from './token-hash.ts';
import type { RenderedPrompt } from './token-hash.ts';

/** Tokens at the beginning of a prompt that an engine holds. */
export interface TokenMatch {
  /** In the memory of the accelerator. */
  readonly gpuTokens: number;
  /** There, or in any other memory that the engine loads from. */
  readonly anyTokens: number;
}

/** A block of tokens, held or not. */
export interface TokenBlock {
  readonly own: number;
  /** A bit for each group and medium that has it. */
  places: number;
  /** Who looks at it: it is not forgotten. */
  watchers: number;
  /** It was in the memory of the accelerator, and was removed. */
  isGone: boolean;
}

/** More blocks than one rank of an engine has; what is stored beyond is not known. */
const BLOCKS_MAX = 262_144;
/** Groups of attention times media. */
const PLACES_MAX = 30;
const NO_PARENT = 0;

/**
 * The KV memory of one engine, as its events tell it, by token ids. Blocks are known by a hash of our
 * own over parent, adapter, extra keys and tokens: the engine's cannot be worked out from outside,
 * and stand for ours as the events name them.
 */
export class TokenIndex {
  readonly #blocks = new Map<number, TokenBlock>();
  /** By the engine's hash and its group: one hash may stand in several. */
  readonly #byEngine = new Map<bigint, TokenBlock>();
  /** Bits of the places, and by group of attention all of its places: a block is there when all groups have it. */
  readonly #bits = new Map<string, number>();
  readonly #placesByGroup = new Map<number, number>();
  #gpuPlaces = 0;
  #blockSize = 0;
  #held = 0;

  /** Blocks that are in any place. */
  get size(): number {
    return this.#held;
  }

  /** In tokens; 0 before anything was stored. */
  get blockSize(): number {
    return this.#blockSize;
  }

  /** False where the event builds on what is not known, or is more than can be: it was not taken. */
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

  /** Nothing is held, and of no block is it known that it was. */
  clear(): void {
    for (const [own, block] of this.#blocks) {
      block.places = 0;
      block.isGone = false;
      if (block.watchers === 0) this.#blocks.delete(own);
    }
    this.#byEngine.clear();
    this.#held = 0;
  }

  /** Keeps the block in view until `unwatch`, whether it is held or not. */
  watch(own: number): TokenBlock {
    const block = this.#of(own);
    block.watchers++;
    return block;
  }

  unwatch(block: TokenBlock): void {
    block.watchers--;
    if (block.watchers === 0 && block.places === 0) this.#blocks.delete(block.own);
  }

  /** In the memory of the accelerator, for all groups of attention. */
  isOnGpu({ places }: TokenBlock): boolean {
    return places !== 0 && (places & this.#gpuPlaces) === this.#gpuPlaces;
  }

  match(prompt: RenderedPrompt): TokenMatch {
    const size = this.#blockSize;
    let [gpuTokens, anyTokens] = [0, 0];
    if (size === 0) return { gpuTokens, anyTokens };
    for (const own of hashTokens(prompt, size)) {
      const block = this.#blocks.get(own);
      if (block === undefined || !this.#isAnywhere(block)) break;
      if (gpuTokens === anyTokens && this.isOnGpu(block)) gpuTokens += size;
      anyTokens += size;
    }
    return { gpuTokens, anyTokens };
  }

  #isAnywhere({ places }: TokenBlock): boolean {
    for (const ofGroup of this.#placesByGroup.values()) if ((places & ofGroup) === 0) return false;
    return places !== 0;
  }

  #store(event: Extract<KvEvent, { kind: 'stored' }>): boolean {
    const { hashes, parent, tokenIds, blockSize, adapter, medium, group, extraKeys } = event;
    const before = parent === null ? NO_PARENT : this.#byEngine.get(keyOf(parent, group))?.own;
    if (before === undefined || this.#held + hashes.length > BLOCKS_MAX) return false;
    const bit = this.#bitOf(group, medium);
    if (bit === null) return false;
    this.#blockSize = blockSize;
    const owns = hashTokens({ tokenIds, adapter, extraKeys }, blockSize, before);
    for (let i = 0; i < hashes.length; i++) {
      const block = this.#of(owns[i]!);
      if (block.places === 0) this.#held++;
      block.places |= bit;
      if (medium === GPU) block.isGone = false;
      this.#byEngine.set(keyOf(hashes[i]!, group), block);
    }
    return true;
  }

  #remove(hash: bigint, group: number, medium: string): void {
    const key = keyOf(hash, group);
    const block = this.#byEngine.get(key);
    if (block === undefined || block.places === 0) return;
    block.places &= ~(this.#bits.get(placeOf(group, medium)) ?? 0);
    if (medium === GPU) block.isGone = true;
    if ((block.places & (this.#placesByGroup.get(group) ?? 0)) !== 0) return;
    this.#byEngine.delete(key);
    if (block.places !== 0) return;
    this.#held--;
    if (block.watchers === 0) this.#blocks.delete(block.own);
  }

  #of(own: number): TokenBlock {
    let block = this.#blocks.get(own);
    if (block === undefined) {
      block = { own, places: 0, watchers: 0, isGone: false };
      this.#blocks.set(own, block);
    }
    return block;
  }

  /** Null: there are more places than any engine has. */
  #bitOf(group: number, medium: string): number | null {
    const place = placeOf(group, medium);
    const known = this.#bits.get(place);
    if (known !== undefined) return known;
    if (this.#bits.size >= PLACES_MAX) return null;
    const bit = 1 << this.#bits.size;
    this.#bits.set(place, bit);
    this.#placesByGroup.set(group, (this.#placesByGroup.get(group) ?? 0) | bit);
    if (medium === GPU) this.#gpuPlaces |= bit;
    return bit;
  }
}

const placeOf = (group: number, medium: string): string => `${group} ${medium}`;

const keyOf = (hash: bigint, group: number): bigint => (hash << 16n) | BigInt(group & 0xffff);
