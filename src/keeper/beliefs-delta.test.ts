import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { Beliefs } from '../contract/index.ts';
import { applyDelta, differenceOf } from './beliefs-delta.ts';

const estimate = fc.record({ mean: fc.nat(9), variance: fc.nat(9), weight: fc.nat(9) });
const table = fc
  .dictionary(fc.constantFrom('a|b', '*|*', '__proto__', ''), estimate)
  .map((entries) => new Map(Object.entries(entries)));
const beliefs: fc.Arbitrary<Beliefs> = fc
  .record({ generation: fc.nat(), outputTokens: table, bytesPerToken: table })
  .map((part) => ({ ...NO_BELIEFS, ...part }));

describe('beliefs delta', () => {
  test('turns what a worker has into what the keeper has', () => {
    fc.assert(
      fc.property(beliefs, beliefs, (before, after) => {
        const delta = structuredClone(differenceOf(before, after));
        expect(applyDelta(before, delta)).toEqual(after);
      }),
    );
  });

  test('holds only what changed, and shares the rest', () => {
    const kept = { mean: 1, variance: 0, weight: 1 };
    const before = { ...NO_BELIEFS, outputTokens: new Map([['a', kept]]) };
    const after = {
      ...before,
      generation: 1,
      outputTokens: new Map([...before.outputTokens, ['b', { ...kept }]]),
    };
    const delta = differenceOf(before, after);
    expect(delta.tables).toEqual([{ name: 'outputTokens', set: [['b', kept]], deleted: [] }]);
    expect(applyDelta(before, delta).timing).toBe(before.timing);
    expect(before.outputTokens.size).toBe(1);
  });
});
