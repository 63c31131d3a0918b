import type { FleetInstance } from '../fleet-file.ts';
import { TRACE_BLOCK_TOKENS } from '../traces/trace.ts';
import type { PickRequest } from './baseline.ts';

/**
 * Which blocks of prompt a router has sent where, the least recently used forgotten beyond what the instance's memory holds:
 * the approximate index that routers keep without events of the engine.
 */
export class RoutedPrefixes {
  readonly #known: readonly Set<number>[];
  readonly #capacities: readonly number[];
  #unshared = 0;

  /** `capacityBlocks` in place of what the memory of an instance holds. */
  constructor(instances: readonly FleetInstance[], capacityBlocks: number | null = null) {
    this.#known = instances.map(() => new Set());
    this.#capacities = instances.map(
      ({ spec }) =>
        capacityBlocks ?? Math.floor((spec.kvBlocks * spec.blockSize) / TRACE_BLOCK_TOKENS),
    );
  }

  /** Prompt tokens that the instance is thought to hold; one token at least is always computed. */
  matchedTokens({ blocks, promptTokens }: PickRequest, place: number): number {
    const known = this.#known[place]!;
    let matched = 0;
    while (blocks !== null && matched < blocks.length && known.has(blocks[matched]!)) matched++;
    return Math.min(matched * TRACE_BLOCK_TOKENS, promptTokens - 1);
  }

  /** A prompt that nobody shares takes as much room as another. */
  add({ blocks, promptTokens }: PickRequest, place: number): void {
    const known = this.#known[place]!;
    if (blocks === null) {
      const count = Math.ceil(promptTokens / TRACE_BLOCK_TOKENS);
      for (let i = 0; i < count; i++) known.add(--this.#unshared);
    }
    for (const block of blocks ?? []) {
      known.delete(block);
      known.add(block);
    }
    for (const oldest of known) {
      if (known.size <= this.#capacities[place]!) return;
      known.delete(oldest);
    }
  }

  sizeOf(place: number): number {
    return this.#known[place]!.size;
  }
}
