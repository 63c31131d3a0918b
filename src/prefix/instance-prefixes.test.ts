import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InstancePrefixes } from './instance-prefixes.ts';
import type { PromptChain } from '../contract/index.ts';

const PLENTY = 100_000;

/** One block per letter, of 100 bytes and 100 tokens each; the words before a block are part of it. */
function chainOf(word: string): PromptChain {
  const blocks = word.split('');
  return {
    hashes: blocks.map((_, i) => hashOf(word.slice(0, i + 1))),
    ends: blocks.map((_, i) => 100 * (i + 1)),
    totalBytes: 100 * blocks.length,
  };
}
const hashOf = (text: string): number =>
  text.split('').reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 1e15, 7);
const send = (prefixes: InstancePrefixes, word: string, blocksMax = PLENTY) =>
  prefixes.dispatch(chainOf(word), 100 * word.length, blocksMax);
const blocksCached = (prefixes: InstancePrefixes, word: string): number =>
  Math.round(prefixes.cachedShare(chainOf(word)) * word.length);

describe('the prefixes of an instance', () => {
  test('are the longest beginnings that were sent there', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), word, (sent, asked) => {
        const prefixes = new InstancePrefixes();
        for (const each of sent) send(prefixes, each);
        let longest = 0;
        for (const each of sent) {
          let same = 0;
          while (same < asked.length && same < each.length && asked[same] === each[same]) same++;
          longest = Math.max(longest, same);
        }
        expect(blocksCached(prefixes, asked)).toBe(longest);
      }),
    );
  });

  test('have a bound, and what was used longest ago goes first, its end before its beginning', () => {
    const prefixes = new InstancePrefixes();
    send(prefixes, 'abcd', 12);
    send(prefixes, 'xyz', 12);
    expect(blocksCached(prefixes, 'abcd')).toBe(4);
    expect(blocksCached(prefixes, 'xyz')).toBe(3);
    send(prefixes, 'mnopqr', 12);
    expect(blocksCached(prefixes, 'abcd')).toBe(0);
    expect(blocksCached(prefixes, 'xyz')).toBe(1);
    expect(blocksCached(prefixes, 'mnopqr')).toBe(6);
  });

  test('half of the bound at least is kept, and never more than the bound', () => {
    const bound = 64;
    const prefixes = new InstancePrefixes();
    const words = Array.from({ length: 500 }, (_, i) => String.fromCharCode(0x4e00 + i));
    for (const word of words) send(prefixes, word, bound);
    const kept = words.filter((word) => blocksCached(prefixes, word) === 1);
    expect(kept.length).toBeGreaterThanOrEqual(bound / 2);
    expect(kept.length).toBeLessThanOrEqual(bound);
    expect(kept).toEqual(words.slice(-kept.length));
  });

  test('stay a prefix under any bound: no block without the one before it', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        (sent, most) => {
          const prefixes = new InstancePrefixes();
          for (const each of sent) send(prefixes, each, most);
          for (const each of sent) {
            const whole = blocksCached(prefixes, each);
            for (let length = 1; length <= each.length; length++) {
              const part = each.slice(0, length);
              expect(blocksCached(prefixes, part)).toBe(Math.min(whole, length));
            }
          }
        },
      ),
    );
  });

  test('an engine that has evicted teaches how much it holds', () => {
    const prefixes = new InstancePrefixes();
    let other = 0;
    // It holds 10 000 tokens: after 20 000 others nothing of a prompt is left.
    const round = (tokensBetween: number): void => {
      const expected = send(prefixes, 'abcdefgh');
      prefixes.correct(expected, tokensBetween > 10_000 ? 0 : 800, 0);
      for (let left = tokensBetween; left > 0; left -= 500)
        send(prefixes, `${other++}`.padEnd(5, '-'));
    };
    for (let i = 0; i < 12; i++) round(20_000);
    expect(prefixes.cachedShare(chainOf('abcdefgh'))).toBe(0);
    expect(blocksCached(prefixes, `${other - 1}`.padEnd(5, '-'))).toBe(5);
  });

  test('an engine that kept more than was thought teaches that, too', () => {
    const prefixes = new InstancePrefixes();
    send(prefixes, 'abcdefgh');
    const pass = (tokens: number): void => {
      prefixes.dispatch(chainOf(`q${tokens}`), tokens, PLENTY);
    };
    pass(500_000);
    expect(prefixes.cachedShare(chainOf('abcdefgh'))).toBe(0);
    prefixes.correct(send(prefixes, 'abcdefgh'), 800, 0);
    pass(450_000);
    expect(blocksCached(prefixes, 'abcdefgh')).toBe(8);
  });

  test('an engine that keeps nothing is soon believed to', () => {
    const prefixes = new InstancePrefixes();
    for (let i = 0; i < 30; i++) {
      prefixes.correct(send(prefixes, 'abcdefgh'), 0, 0);
      prefixes.correct(send(prefixes, 'abcdefgh'), 0, 0);
    }
    send(prefixes, 'abcdefgh');
    expect(prefixes.cachedShare(chainOf('abcdefgh'))).toBeLessThan(0.25);
  });

  test('what is sent elsewhere by another worker counts, and a restart forgets all', () => {
    const prefixes = new InstancePrefixes();
    prefixes.absorb(chainOf('abc'), 300, PLENTY);
    expect(blocksCached(prefixes, 'abcd')).toBe(3);
    prefixes.forget();
    expect(prefixes.cachedShare(chainOf('abc'))).toBe(0);
  });
});
