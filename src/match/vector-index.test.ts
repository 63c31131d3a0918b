import { expect, test } from 'vitest';
import { createRng } from '../kernel/index.ts';
import { VectorIndex } from './vector-index.ts';

function unit(next: () => number, dimensions: number): Float32Array {
  const vector = Float32Array.from({ length: dimensions }, () => next() - 0.5);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

test('an odd number of dimensions is searched like any other', () => {
  const rng = createRng(1);
  const rows = Array.from({ length: 700 }, () => unit(() => rng.next(), 37));
  const index = new VectorIndex(37);
  for (const row of rows) index.add(row);
  for (const at of [0, 350, 699]) {
    const [first] = index.nearest(rows[at]!, 1);
    expect(first!.place).toBe(at);
    expect(first!.cosine).toBeCloseTo(1, 5);
  }
});

test('rows that were removed take no place of those that are left', () => {
  const rng = createRng(2);
  const index = new VectorIndex(64);
  const asked = unit(() => rng.next(), 64);
  const far = Array.from({ length: 900 }, () => index.add(unit(() => rng.next(), 64)));
  const copies = Array.from({ length: 2_000 }, () => index.add(asked));
  const beside = asked.map((value, i) => (i < 8 ? -value : value));
  const place = index.add(beside);
  for (const copy of copies) index.remove(copy);
  expect(index.size).toBe(far.length + 1);
  expect(index.nearest(asked, 1)[0]!.place).toBe(place);
});

test('of more rows than are looked at, all of them as near, as many as are asked for are found', () => {
  const rng = createRng(3);
  const index = new VectorIndex(64);
  const asked = unit(() => rng.next(), 64);
  for (let i = 0; i < 3_000; i++) index.add(asked);
  const found = index.nearest(asked, 4);
  expect(found).toHaveLength(4);
  for (const { cosine } of found) expect(cosine).toBeCloseTo(1, 5);
});
