import { expect, test } from 'vitest';
import fc from 'fast-check';
import { createDecisionIds, workerOf } from './ids.ts';
import { createRng, createSystemRng } from './rng.ts';

const CLOCK = { nowMs: () => 1_795_000_000_000 };

test('decision ids are distinct and name their worker', () => {
  const decisionIds = createDecisionIds(37, createRng(1), CLOCK);
  const ids = Array.from({ length: 1000 }, () => decisionIds.next());
  expect(new Set(ids).size).toBe(1000);
  expect(ids.map(workerOf)).toEqual(ids.map(() => 37));
});

test('two processes never share a prefix', () => {
  const first = createDecisionIds(0, createSystemRng(), CLOCK).next();
  const second = createDecisionIds(0, createSystemRng(), CLOCK).next();
  expect(first).not.toBe(second);
});

test('only their maker can count them, and they are all of one length', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(300), (seed, count) => {
      const ids = createDecisionIds(0, createRng(seed), CLOCK);
      const made = Array.from({ length: count + 2 }, () => ids.next());
      expect(made.map((id) => ids.countOf(id))).toEqual(made.map((_, i) => i));
      expect(new Set(made.map((id) => id.length)).size).toBe(1);
      const stranger = createDecisionIds(0, createRng(seed + 1), CLOCK);
      expect(stranger.countOf(made[count]!)).not.toBe(count);
    }),
    { numRuns: 50 },
  );
});

test('a neighbour of an id is far from it', () => {
  const ids = createDecisionIds(0, createRng(3), CLOCK);
  let same = 0;
  const pairs = 2_000;
  for (let i = 0, before = ids.next(); i < pairs; i++) {
    const id = ids.next();
    for (let at = id.length - 8; at < id.length; at++) if (id[at] === before[at]) same++;
    before = id;
  }
  // Two characters drawn at will are the same once in 36 times; the first of each half has 23 values.
  expect(same / pairs / 8).toBeLessThan(0.04);
});

test('ids of a later second sort behind those before', () => {
  let nowMs = 1_795_000_000_000;
  const ids = createDecisionIds(0, createRng(4), { nowMs: () => nowMs });
  const before = Array.from({ length: 100 }, () => ids.next());
  nowMs += 1_000;
  const after = Array.from({ length: 100 }, () => ids.next());
  const latest = before.toSorted((a, b) => (a < b ? -1 : 1)).at(-1)!;
  expect(after.every((id) => id > latest)).toBe(true);
  expect(after.map((id) => ids.countOf(id))).toEqual(after.map((_, i) => 100 + i));
});

test('a second half of the count follows the first', () => {
  const ids = createDecisionIds(0, createRng(5), CLOCK);
  for (let i = 0; i < 2 ** 20; i++) ids.next();
  expect(ids.countOf(ids.next())).toBe(2 ** 20);
});

test.each([
  '',
  'd-',
  'd-0-short',
  'x-0-abcdefghijklm0',
  'd-zzzzz-abcdefghijklm0',
  'd-0-ABCDEFGHIJKLM',
])('%j is no decision id', (text) => expect(workerOf(text)).toBeNull());

test('the generator is reproducible, uniform and within its range', () => {
  const first = createRng(42);
  const second = createRng(42);
  const draws = Array.from({ length: 20_000 }, () => first.next());
  expect(draws.slice(0, 100)).toEqual(Array.from({ length: 100 }, () => second.next()));
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
});
