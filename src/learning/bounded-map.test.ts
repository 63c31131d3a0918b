import { expect, test } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

test('what was written longest ago goes first', () => {
  const map = new BoundedMap(
    new Map([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]),
    3,
  );
  map.set('a', 10);
  map.set('d', 4);
  expect([...map.result()]).toEqual([
    ['c', 3],
    ['a', 10],
    ['d', 4],
  ]);
});

test('the original is never written to, and comes back when nothing was', () => {
  const original = new Map([['a', 1]]);
  const map = new BoundedMap(original, 3);
  expect(map.result()).toBe(original);
  map.set('a', 2);
  expect(original.get('a')).toBe(1);
  expect(map.get('a')).toBe(2);
});

test('an original beyond the ceiling is cut to it', () => {
  const map = new BoundedMap(new Map([1, 2, 3, 4].map((n) => [n, n])), 2);
  map.set(5, 5);
  expect([...map.result().keys()]).toEqual([4, 5]);
});
