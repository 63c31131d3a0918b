import type { PromptChain } from '../contract/index.ts';
import { ChainBlocks } from './chain-blocks.ts';
import type { ChainReading, ChainRendering } from './chain-blocks.ts';
import { KvSequence, readKvBatch } from './kv-events.ts';
import { hashTokens } from './token-hash.ts';
import type { RenderedPrompt } from './token-hash.ts';
import { TokenIndex } from './token-index.ts';

/** Of a prompt that was just served, what is held at the least. */
const SERVED_RATIO = 0.5;

/** What one publisher says its engine holds, and which prompts that is. */
export class KvMemory {
  readonly #index = new TokenIndex();
  readonly #chains = new ChainBlocks(this.#index);
  readonly #sequence = new KvSequence();
  readonly #reading: ChainReading = { heldBytes: 0, stop: 'unknown' };
  /** The number of the last batch that was not replayed. */
  #live = -1n;
  #isWhole = false;

  /** All that the engine holds is known: from its beginning on, nothing was missed. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The size of a block in tokens; 0 before anything was stored. */
  get blockSize(): number {
    return this.#index.blockSize;
  }

  /** The first number that was not heard. */
  get missing(): bigint {
    return this.#sequence.missing;
  }

  /**
   * A batch as it was published, unpacked. `gap`: those from `missing` on were missed; they have to be
   * replayed, or given up, before this one is offered again. Never throws.
   */
  hear(sequence: bigint, batch: unknown, isReplayed = false): 'taken' | 'gap' {
    // A publisher counts on: who counts from further back has begun anew.
    if (!isReplayed && sequence <= this.#live) this.beginAnew();
    const order = this.#sequence.take(sequence);
    if (order === 'gap') return 'gap';
    if (!isReplayed) this.#live = sequence;
    if (order === 'next') {
      if (sequence === 0n) this.#isWhole = true;
      this.#apply(batch);
    }
    return 'taken';
  }

  /** Nothing before this number will be heard: what is held has to be learned anew. */
  giveUp(sequence: bigint): void {
    this.#sequence.skipTo(sequence);
    this.#forget();
  }

  /** The engine may have begun anew: all has to be heard again. */
  beginAnew(): void {
    this.#live = -1n;
    this.giveUp(0n);
  }

  /**
   * The blocks of a prompt that was just served, of several ways to see it the one that the engine holds
   * most of. Null: it holds less than half, so that it saw another prompt than these.
   */
  render(chain: PromptChain, prompts: readonly RenderedPrompt[]): ChainRendering | null {
    const { blockSize } = this.#index;
    if (blockSize === 0) return null;
    let best: RenderedPrompt | null = null;
    let bestTokens = 0;
    for (const prompt of prompts) {
      const { anyTokens } = this.#index.match(prompt);
      if (anyTokens <= bestTokens) continue;
      bestTokens = anyTokens;
      best = prompt;
    }
    if (best === null || bestTokens < SERVED_RATIO * best.tokenIds.length) return null;
    const blocks = hashTokens(best, blockSize);
    return { chain, tokens: best.tokenIds.length, blockSize, blocks };
  }

  learn(rendering: ChainRendering): void {
    const { blockSize } = this.#index;
    if (blockSize === 0 || rendering.blockSize === blockSize) this.#chains.learn(rendering);
  }

  /** Whether it was learned before; then it is kept for longer. */
  recalls(chain: PromptChain): boolean {
    if (!this.#chains.knows(chain)) return false;
    this.#chains.touch(chain);
    return true;
  }

  /** Share of the prompt, 0–1, that is cached; `believed` is what it is thought to be without the events. */
  cachedShare(chain: PromptChain, believed: number): number {
    const reading = this.#reading;
    this.#chains.read(chain, reading);
    const held = Math.min(1, reading.heldBytes / chain.totalBytes);
    switch (reading.stop) {
      case 'unknown':
        return Math.max(held, believed);
      case 'missing':
        return this.#isWhole ? held : Math.max(held, believed);
      default:
        return held;
    }
  }

  #apply(batch: unknown): void {
    try {
      const read = readKvBatch(batch);
      if (read === null || read.unread > 0) {
        this.#forget();
        return;
      }
      const { blockSize } = this.#index;
      for (const event of read.events) {
        const isTaken = this.#index.apply(event);
        if (event.kind === 'cleared') this.#isWhole = true;
        else if (!isTaken) this.#isWhole = false;
      }
      if (blockSize !== 0 && blockSize !== this.#index.blockSize) this.#chains.clear();
    } catch {
      // What is nested too deeply to be read.
      this.#forget();
    }
  }

  #forget(): void {
    this.#index.clear();
    this.#isWhole = false;
  }
}
