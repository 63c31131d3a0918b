import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeenRuns } from './seen-runs.ts';

test('a repeat has the tokens of a run before it, all of them', () => {
  const ids = fc.array(fc.nat(2), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 20 }), (values, length) => {
      const seen = new SeenRuns();
      const tokens = Int32Array.from(values);
      const before = new Set<string>();
      for (let start = 0; start + length <= tokens.length; start++) {
        const run = tokens.slice(start, start + length).join();
        if (seen.isRepeat(tokens, start, start + length)) expect(before.has(run)).toBe(true);
        before.add(run);
      }
    }),
  );
});

test('one token over and over is scored once, and again in the next text', () => {
  const seen = new SeenRuns();
  const tokens = new Int32Array(64).fill(7);
  expect(seen.isRepeat(tokens, 0, 8)).toBe(false);
  expect(seen.isRepeat(tokens, 8, 16)).toBe(true);
  expect(seen.isRepeat(tokens, 16, 25)).toBe(false);
  seen.clear();
  expect(seen.isRepeat(tokens, 16, 24)).toBe(false);
});
