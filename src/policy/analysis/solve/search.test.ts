import { describe, expect, test } from 'vitest';
import type { Formula, NumberQuantity } from '../../../contract/index.ts';
import { solverContract } from '../../../../test/contract/solver.contract.ts';
import { createSearchSolver } from './search.ts';

describe('the built-in solver', () => {
  solverContract(createSearchSolver, { numRuns: 100 });

  const numbers = ['x', 'y'].map((name): NumberQuantity => ({
    kind: 'number',
    name,
    range: { low: 0, high: 1, isLowOpen: false, isHighOpen: false },
    isInteger: false,
  }));
  const sumOf = (weights: readonly number[], least: number): Formula => ({
    kind: 'weighing',
    terms: weights.map((weight, i) => ({
      operand: { kind: 'amount', of: [numbers[i]!], low: 0, high: 1 },
      weight: weight * 1e9,
      sum: 0,
    })),
    sums: 1,
    test: ([sum]) => sum! >= least * 1e9,
    rows: [{ coefficients: [1], least: least * 1e9 }],
  });

  test('decides weighed numbers by their bounds, and leaves open what those leave open', () => {
    const solver = createSearchSolver();
    expect(solver.solve(sumOf([0.5, 0.4], 0.95))).toEqual({ kind: 'unsatisfiable' });
    expect(solver.solve(sumOf([0.5, 0.5], 0.8))).toMatchObject({ kind: 'satisfiable' });
    const apart: Formula = {
      kind: 'atLeast',
      need: 2,
      of: [sumOf([0.5, 0.5], 0.6), { kind: 'not', of: sumOf([0.5, 0.5], 0.5) }],
    };
    expect(solver.solve(apart)).toEqual({ kind: 'undecided' });
  });

  test('gives up rather than search for ever', () => {
    const flags = Array.from({ length: 24 }, (_, i): Formula => ({
      kind: 'holds',
      of: { kind: 'flag', name: `f${i}` },
    }));
    const count = (need: number): Formula => ({ kind: 'atLeast', need, of: flags });
    const hard: Formula = {
      kind: 'atLeast',
      need: 2,
      of: [count(12), { kind: 'not', of: { kind: 'atLeast', need: 12, of: flags.toReversed() } }],
    };
    expect(createSearchSolver(100).solve(hard)).toEqual({ kind: 'undecided' });
  });
});
