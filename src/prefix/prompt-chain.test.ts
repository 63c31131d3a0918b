import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chainPrompt } from './prompt-chain.ts';
import type { PromptChain } from '../contract/index.ts';

const ROOT = { texts: ['acme', ''], numbers: [] };
const chainOf = (...texts: readonly string[]): PromptChain =>
  chainPrompt(
    ROOT,
    texts.map((text) => {
      const bytes = Buffer.from(`#${text}#`);
      return { bytes, start: 1, end: bytes.length - 1 };
    }),
  );
const shared = (a: PromptChain, b: PromptChain): number => {
  let count = 0;
  while (count < a.hashes.length && a.hashes[count] === b.hashes[count]) count++;
  return count;
};

describe('the chain of a prompt', () => {
  test('two prompts share the blocks before their first difference, and none after it', () => {
    const text = fc.string({ minLength: 0, maxLength: 3_000 });
    fc.assert(
      fc.property(text, text, text, (start, one, other) => {
        const [a, b] = [start + one, start + other].map((each) => Buffer.from(each));
        let same = 0;
        while (same < a!.length && same < b!.length && a![same] === b![same]) same++;
        const [first, second] = [chainOf(start + one), chainOf(start + other)];
        const expected = Math.min(
          first.ends.filter((end) => end <= same).length,
          second.ends.filter((end) => end <= same).length,
        );
        expect(shared(first, second)).toBe(expected);
      }),
    );
  });

  test('a longer conversation goes on where the shorter one ended', () => {
    const before = chainOf('t'.repeat(300), 'm'.repeat(1_000));
    const after = chainOf('t'.repeat(300), 'm'.repeat(2_000));
    expect(shared(before, after)).toBe(before.hashes.length);
    expect(before.ends.at(-1)).toBe(300 + 896);
    expect(before.totalBytes).toBe(1_300);
  });

  test('a segment that another follows is whole, down to its last byte', () => {
    expect([...chainOf('t'.repeat(130), 'm'.repeat(128)).ends]).toEqual([128, 130, 258]);
    expect(shared(chainOf('t'.repeat(129), 'm'), chainOf('t'.repeat(130), 'm'))).toBe(1);
  });

  test('another root shares nothing', () => {
    const segments = [{ bytes: Buffer.alloc(500, 'x'), start: 0, end: 500 }];
    const roots = [
      { texts: ['acme', ''], numbers: [] },
      { texts: ['acme', 'salt'], numbers: [] },
      { texts: ['acmesalt', ''], numbers: [] },
      { texts: ['acme', ''], numbers: [1] },
    ];
    const firsts = roots.map((root) => chainPrompt(root, segments).hashes[0]);
    expect(new Set(firsts).size).toBe(roots.length);
  });

  test('the blocks of a long prompt are coarser, so that there are hundreds of them', () => {
    expect(chainOf('x'.repeat(32 * 1024)).hashes.length).toBe(160);
    const longest = chainOf('x'.repeat(4 * 1024 * 1024));
    expect(longest.hashes.length).toBe(1_024);
    expect(longest.totalBytes).toBe(4 * 1024 * 1024);
  });

  test('no two of many blocks are equal', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 200; i++)
      for (const hash of chainOf(`${i} `.repeat(2_000)).hashes) seen.add(hash);
    let blocks = 0;
    for (let i = 0; i < 200; i++) blocks += chainOf(`${i} `.repeat(2_000)).hashes.length;
    expect(seen.size).toBe(blocks);
    for (const hash of seen) expect(Number.isSafeInteger(hash) && hash >= 0).toBe(true);
  });
});
