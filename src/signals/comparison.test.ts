import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigIssue } from '../contract/index.ts';
import { compileComparison } from './comparison.ts';

describe('compileComparison', () => {
  test('tests every bound that is given', () => {
    const comparison = compileComparison({ atLeast: 10, below: 20 });
    expect([9, 10, 19, 20].map((number) => comparison.test(number))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(comparison.text).toBe('>= 10 and < 20');
    expect(compileComparison({ above: 10 }).test(10)).toBe(false);
    expect(compileComparison({ atMost: 10 }).test(10)).toBe(true);
    expect(compileComparison({ equals: 3 }).test(3)).toBe(true);
    expect(compileComparison({ equals: 3 }).test(4)).toBe(false);
  });

  test.each([
    [{ atLeast: 8000, below: 1000 }],
    [{ above: 5, below: 5 }],
    [{ atLeast: 5, below: 5 }],
    [{ above: 5, atMost: 5 }],
    [{ equals: 5, below: 5 }],
    [{ equals: 5, atLeast: 6 }],
  ])('refuses %j, which no number passes', (value) => {
    expect(() => compileComparison(value)).toThrow('can never be true');
  });

  test('refuses what is no comparison, and says where', () => {
    const issueOf = (value: unknown): ConfigIssue => {
      try {
        compileComparison(value, ['turns']);
      } catch (error) {
        if (error instanceof ConfigIssue) return error;
      }
      throw new Error('it was accepted');
    };
    expect(issueOf(5).suggestion).toBe('{ equals: 5 }');
    expect(issueOf({}).message).toContain('must have one of');
    expect(issueOf({ atleast: 5 }).suggestion).toBe('atLeast');
    expect(issueOf({ atLeast: '5' }).path).toEqual(['turns', 'atLeast']);
  });

  test('accepts exactly the bounds that leave room', () => {
    const bound = fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined });
    const bounds = fc.record({ atLeast: bound, above: bound, atMost: bound, below: bound });
    fc.assert(
      fc.property(bounds, (given) => {
        const value = Object.fromEntries(
          Object.entries(given).filter(([, number]) => number !== undefined),
        );
        fc.pre(Object.keys(value).length > 0);
        const candidates = Array.from({ length: 57 }, (_, i) => -7 + i / 4);
        let test: ((number: number) => boolean) | null = null;
        try {
          const comparison = compileComparison(value);
          test = (number) => comparison.test(number);
        } catch {
          test = null;
        }
        const passes = (n: number): boolean =>
          n >= (given.atLeast ?? -Infinity) &&
          n > (given.above ?? -Infinity) &&
          n <= (given.atMost ?? Infinity) &&
          n < (given.below ?? Infinity);
        expect(test !== null).toBe(candidates.some(passes));
        if (test !== null) expect(candidates.map(test)).toEqual(candidates.map(passes));
      }),
    );
  });
});
