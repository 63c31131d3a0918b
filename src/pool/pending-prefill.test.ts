import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PendingPrefill } from './pending-prefill.ts';

test('all of it is left as long as no pace is known, and then what the pace leaves', () => {
  const pending = new PendingPrefill();
  pending.begin(1_000, 0);
  pending.begin(400, 10);
  expect(pending.tokensLeft(500)).toBe(1_400);
  pending.end(1_000, 500);
  // Half a millisecond per token, and the next began when the first ended.
  expect(pending.tokensLeft(500)).toBe(400);
  expect(pending.tokensLeft(600)).toBe(200);
  // No more of the first than it has.
  pending.begin(300, 600);
  expect(pending.tokensLeft(9_000)).toBe(300);
});

test('one that ends out of turn says nothing of the pace', () => {
  const pending = new PendingPrefill();
  pending.begin(1_000, 0);
  pending.begin(500, 0);
  pending.end(500, 5);
  expect(pending.tokensLeft(100)).toBe(1_000);
});

test('a short one teaches no pace', () => {
  const pending = new PendingPrefill();
  pending.begin(10, 0);
  pending.end(10, 1_000);
  pending.begin(500, 1_000);
  expect(pending.tokensLeft(1_100)).toBe(500);
});

test('never below nothing, never above all, and nothing when all have ended', () => {
  const step = fc.record({
    tokens: fc.integer({ min: 1, max: 5_000 }),
    gapMs: fc.nat(2_000),
    ends: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const pending = new PendingPrefill();
      const open: number[] = [];
      let nowMs = 0;
      for (const { tokens, gapMs, ends } of steps) {
        nowMs += gapMs;
        if (ends) pending.end(open.shift() ?? tokens, nowMs);
        else {
          pending.begin(tokens, nowMs);
          open.push(tokens);
        }
        const left = pending.tokensLeft(nowMs);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left).toBeLessThanOrEqual(open.reduce((sum, each) => sum + each, 0));
        if (open.length === 0) expect(left).toBe(0);
      }
    }),
  );
});
