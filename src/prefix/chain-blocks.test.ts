import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChainBlocks } from './chain-blocks.ts';
import type { ChainReading } from './chain-blocks.ts';
import { hashTokens } from './token-hash.ts';
import { TokenIndex } from './token-index.ts';

const SIZE = 4;

/** Words of some bytes each, of which each is as many tokens as it says; a block of bytes per word. */
type Word = readonly [bytes: number, tokens: number, id: number];

function renderingOf(words: readonly Word[]) {
  const tokenIds = words.flatMap(([, tokens, id]) => Array.from({ length: tokens }, () => id));
  let bytes = 0;
  const ends = words.map(([length]) => (bytes += length));
  const hashes = words.map((_, i) =>
    words
      .slice(0, i + 1)
      .reduce((hash, [a, b, id]) => (hash * 131 + a * 17 + b * 5 + id) % 1e14, 1),
  );
  const chain = { hashes: hashes.map((hash) => hash + 1), ends, totalBytes: bytes };
  const blocks = hashTokens({ tokenIds, adapter: null, extraKeys: [] }, SIZE);
  return { chain, tokens: tokenIds.length, blockSize: SIZE, blocks, tokenIds };
}

/** Stores a prompt's first tokens, as an engine would. */
function store(index: TokenIndex, tokenIds: readonly number[]): void {
  const blocks = Math.floor(tokenIds.length / SIZE);
  const own = hashTokens({ tokenIds, adapter: null, extraKeys: [] }, SIZE);
  index.apply({
    kind: 'stored',
    hashes: own.slice(0, blocks).map(BigInt),
    parent: null,
    tokenIds: tokenIds.slice(0, blocks * SIZE),
    blockSize: SIZE,
    adapter: null,
    medium: 'GPU',
    group: 0,
    extraKeys: [],
  });
}
function read(chains: ChainBlocks, rendering: ReturnType<typeof renderingOf>): ChainReading {
  const reading: ChainReading = { heldBytes: -1, stop: 'unknown' };
  chains.read(rendering.chain, reading);
  return reading;
}

/** Sparse text that all share, then what is dense. */
const SYSTEM: readonly Word[] = Array.from({ length: 10 }, () => [100, 12, 1] as const);
const QUESTION: readonly Word[] = [[100, 12, 2]];
const CODE: readonly Word[] = Array.from({ length: 20 }, () => [100, 40, 3] as const);

describe('the blocks of tokens of a chain', () => {
  test('are what prompts share that share their bytes, however dense the rest is', () => {
    const orders = [
      [renderingOf([...SYSTEM, ...CODE]), renderingOf([...SYSTEM, ...QUESTION])],
      [renderingOf([...SYSTEM, ...QUESTION]), renderingOf([...SYSTEM, ...CODE])],
    ] as const;
    for (const [first, second] of orders) {
      const index = new TokenIndex();
      const chains = new ChainBlocks(index);
      store(index, first.tokenIds);
      chains.learn(first);
      chains.learn(second);
      // The engine keeps the first alone: of the second, what both begin with.
      expect(read(chains, first)).toEqual({ heldBytes: first.chain.totalBytes, stop: 'end' });
      const { heldBytes } = read(chains, second);
      expect(heldBytes).toBeGreaterThanOrEqual(900);
      expect(heldBytes).toBeLessThanOrEqual(1_100);
    }
  });

  test('are known until others were used since, the end before the beginning', () => {
    const index = new TokenIndex();
    const chains = new ChainBlocks(index);
    const old = renderingOf([...SYSTEM, ...QUESTION]);
    store(index, old.tokenIds);
    chains.learn(old);
    for (let i = 10; i < 3_000; i++) {
      chains.learn(renderingOf(Array.from({ length: 20 }, () => [100, 24, i] as const)));
    }
    expect(read(chains, old).stop).toBe('unknown');
    expect(chains.size).toBeLessThanOrEqual(32_768);
    expect(chains.size).toBeGreaterThan(5_000);
    // What was let go of is not kept for its sake.
    chains.clear();
    index.clear();
    expect(chains.size).toBe(0);
    expect(index.size).toBe(0);
  });

  test('another rendering of the same bytes replaces the one before', () => {
    const index = new TokenIndex();
    const chains = new ChainBlocks(index);
    const before = renderingOf([...SYSTEM, ...QUESTION]);
    const tokenIds = before.tokenIds.map((id) => id + 100);
    const blocks = hashTokens({ tokenIds, adapter: null, extraKeys: [] }, SIZE);
    const after = { ...before, tokenIds, blocks };
    chains.learn(before);
    chains.learn(after);
    store(index, tokenIds);
    expect(read(chains, after).stop).toBe('end');
  });

  test('of any prompts learned in any order: none is held that the engine has nothing of', () => {
    const word = fc.tuple(fc.constantFrom(60, 100), fc.constantFrom(6, 12, 30), fc.nat(1));
    const prompt = fc.array(word, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(prompt, { minLength: 1, maxLength: 6 }), (prompts) => {
        const index = new TokenIndex();
        const chains = new ChainBlocks(index);
        const renderings = prompts.map((words) => renderingOf(words));
        for (const each of renderings) chains.learn(each);
        for (const each of renderings) expect(read(chains, each).heldBytes).toBe(0);
        // The last that was learned is right, whatever was before.
        const last = renderings.at(-1)!;
        store(index, last.tokenIds);
        expect(read(chains, last).stop).toBe('end');
      }),
    );
  });
});
