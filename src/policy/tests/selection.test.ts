import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Selection } from './selection.ts';

const plain = (...texts: string[]) => texts.map((text) => ({ text, distance: 0 }));

test('a few items cover every feature, those that cover most first', () => {
  const selection = new Selection<string>();
  selection.offer('ab', 1, plain('a', 'b'));
  selection.offer('abc', 1, plain('a', 'b', 'c'));
  selection.offer('d', 1, plain('d'));
  expect(selection.choose(10)).toEqual([
    { item: 'abc', covers: ['a', 'b', 'c'] },
    { item: 'd', covers: ['d'] },
  ]);
  expect(selection.choose(1)).toHaveLength(1);
});

test('of those that show a feature the smallest, of equal ones the first', () => {
  const selection = new Selection<string>();
  selection.offer('long', 9, plain('a'));
  selection.offer('short', 2, plain('a'));
  selection.offer('later', 2, plain('a'));
  expect(selection.choose(10).map(({ item }) => item)).toEqual(['short']);
});

test('a threshold is shown by whoever is nearest to it', () => {
  const selection = new Selection<number>();
  for (const value of [10, 30, 21, 25]) {
    selection.offer(value, 1, [{ text: 'just above 20', distance: Math.abs(value - 20) }]);
  }
  expect(selection.choose(10).map(({ item }) => item)).toEqual([21]);
});

test('property: every feature is covered once, and no choice is idle', () => {
  const offers = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 1 }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(offers, (given) => {
      const selection = new Selection<number>();
      for (const [i, features] of given.entries()) {
        selection.offer(i, features.length, plain(...features.map(String)));
      }
      const chosen = selection.choose(1000);
      const covered = chosen.flatMap(({ covers }) => covers);
      expect(new Set(covered)).toEqual(new Set(given.flat().map(String)));
      expect(covered.length).toBe(new Set(covered).size);
      expect(chosen.every(({ covers }) => covers.length > 0)).toBe(true);
      for (const { item, covers } of chosen) {
        expect(covers.every((text) => given[item]!.includes(Number(text)))).toBe(true);
      }
    }),
  );
});
