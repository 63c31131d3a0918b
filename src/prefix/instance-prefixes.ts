import type { PromptChain } from '../contract/index.ts';
import { BlockTable } from './block-table.ts';

/** What an instance was expected to hold of one prompt, as it was dispatched there. */
export interface ExpectedPrefix {
  readonly promptTokens: number;
  /** Prompt tokens of the blocks that were believed cached, and of those that were ever there. */
  readonly believedTokens: number;
  readonly knownTokens: number;
  readonly knownBlocks: number;
  /** How long ago the last block of each was used, in tokens. */
  readonly believedAge: number;
  readonly knownAge: number;
}

/** Tokens of KV memory that an instance of which nothing is known keeps. */
const CAPACITY_TOKENS = 400_000;
const CAPACITY_TOKENS_MIN = 1_000;
/** How far one report moves the believed capacity. */
const CAPACITY_STEP = 0.5;
/** Less than this is the grain of the blocks, not a difference. */
const TELLING_TOKENS = 128;
const TELLING_RATIO = 0.75;
const TRUST_STEP = 0.1;
/** So many prompts in a row of which nothing was left: the engine began anew, or keeps nothing. */
const MISSES_MAX = 3;

/**
 * Which beginnings of prompts one instance is believed to have in its KV memory: every block that was
 * routed there, with the count of tokens that the instance had taken in by then. Memory that evicts what
 * was used longest ago keeps a block until as many tokens as it holds have come after it; how many that
 * is, the engine's own reports of cached tokens tell.
 */
export class InstancePrefixes {
  /** By the clock; a block never outlives the one before it. */
  readonly #blocks = new BlockTable();
  #clock = 0;
  #capacityTokens = CAPACITY_TOKENS;
  /** Reported over expected tokens: 0 for an engine that keeps or reports nothing. */
  #trust = 1;
  #misses = 0;

  /** Share of the prompt, 0–1, that is expected to be cached. */
  cachedShare(chain: PromptChain): number {
    const blocks = this.#longest(chain, this.#clock - this.#capacityTokens);
    if (blocks === 0) return 0;
    return Math.min(1, (this.#trust * chain.ends[blocks - 1]!) / chain.totalBytes);
  }

  /** A prompt goes there; `blocksMax`: of all instances' memories, the part that is this one's. */
  dispatch(chain: PromptChain, promptTokens: number, blocksMax: number): ExpectedPrefix {
    const believed = this.#longest(chain, this.#clock - this.#capacityTokens);
    const known = this.#longest(chain, -Infinity);
    const expected = {
      promptTokens,
      believedTokens: tokensOf(chain, believed, promptTokens),
      knownTokens: tokensOf(chain, known, promptTokens),
      knownBlocks: known,
      believedAge: this.#ageOf(chain, believed),
      knownAge: this.#ageOf(chain, known),
    };
    this.#clock += promptTokens - expected.believedTokens;
    this.touch(chain, blocksMax);
    return expected;
  }

  /** Another worker has sent it there. */
  absorb(chain: PromptChain, promptTokens: number, blocksMax: number): void {
    const known = tokensOf(chain, this.#longest(chain, -Infinity), promptTokens);
    this.#clock += promptTokens - known;
    this.touch(chain, blocksMax);
  }

  /** It was not computed after all: the blocks beyond those that had been there are not. */
  withdraw({ hashes }: PromptChain, knownBlocks: number): void {
    for (let i = knownBlocks; i < hashes.length; i++) this.#blocks.drop(hashes[i]!);
  }

  /** Remembers its blocks as the last that were used, the first of them as the very last. */
  touch({ hashes }: PromptChain, blocksMax: number): void {
    this.#blocks.bound(blocksMax);
    for (let i = Math.min(hashes.length, blocksMax) - 1; i >= 0; i--) {
      this.#blocks.set(hashes[i]!, this.#clock);
    }
  }

  /** What the engine reported of it, in prompt tokens. */
  correct(expected: ExpectedPrefix, cachedTokens: number, outputTokens: number): void {
    this.#clock += outputTokens;
    const { believedTokens, knownTokens, believedAge, knownAge, promptTokens } = expected;
    if (knownTokens < TELLING_TOKENS) return;
    if (cachedTokens >= TELLING_RATIO * knownTokens) {
      this.#capacityTokens = Math.max(this.#capacityTokens, knownAge);
    }
    if (believedTokens < TELLING_TOKENS) return;
    const ratio = Math.min(1, cachedTokens / believedTokens);
    const isThere = ratio >= TELLING_RATIO;
    // What was used lately cannot have been evicted: then the word of the engine is another than thought.
    if (isThere || believedAge <= promptTokens) this.#trust += TRUST_STEP * (ratio - this.#trust);
    if (isThere) {
      this.#misses = 0;
      return;
    }
    if (believedAge > promptTokens) {
      const lower = Math.max(0, this.#capacityTokens - believedAge);
      const next = this.#capacityTokens - CAPACITY_STEP * lower - 1;
      this.#capacityTokens = Math.max(CAPACITY_TOKENS_MIN, next);
    }
    this.#misses = cachedTokens === 0 ? this.#misses + 1 : 0;
    if (this.#misses >= MISSES_MAX) {
      this.#misses = 0;
      this.forget();
    }
  }

  /** Its memory is empty. */
  forget(): void {
    this.#blocks.clear();
  }

  /** Blocks of the chain that were used after `since`. They are the first ones, so halving finds the last. */
  #longest({ hashes }: PromptChain, since: number): number {
    let low = 0;
    let high = hashes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const usedAt = this.#blocks.usedAt(hashes[middle]!);
      if (usedAt >= 0 && usedAt >= since) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #ageOf({ hashes }: PromptChain, blocks: number): number {
    if (blocks === 0) return 0;
    const usedAt = this.#blocks.usedAt(hashes[blocks - 1]!);
    return usedAt < 0 ? 0 : this.#clock - usedAt;
  }
}

function tokensOf({ ends, totalBytes }: PromptChain, blocks: number, promptTokens: number): number {
  return blocks === 0 ? 0 : (promptTokens * ends[blocks - 1]!) / totalBytes;
}
