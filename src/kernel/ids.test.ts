import { expect, test } from 'vitest';
import { createDecisionIds, workerOf } from './ids.ts';
import { createRng, createSystemRng } from './rng.ts';

test('decision ids are distinct and name their worker', () => {
  const next = createDecisionIds(37, createRng(1));
  const ids = Array.from({ length: 1000 }, next);
  expect(new Set(ids).size).toBe(1000);
  expect(ids.map(workerOf)).toEqual(ids.map(() => 37));
});

test('two processes never share a prefix', () => {
  const first = createDecisionIds(0, createSystemRng())();
  const second = createDecisionIds(0, createSystemRng())();
  expect(first).not.toBe(second);
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
