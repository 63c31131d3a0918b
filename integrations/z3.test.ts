import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Formula } from '../src/contract/index.ts';
import type * as Pool from '../src/pool/index.ts';
import type * as Policy from '../src/policy/analysis/index.ts';
import { anyFormula, solverContract } from '../test/contract/solver.contract.ts';

const CHECKOUT = join(import.meta.dirname, '..');
const installed = process.env['BOURSE_BIN'];
const release = installed === undefined ? null : join(dirname(installed), '..', 'dist');
const load = <T>(path: string): Promise<T> =>
  import(
    pathToFileURL(
      release === null ? join(CHECKOUT, 'src', `${path}.ts`) : join(release, `${path}.js`),
    ).href
  ) as Promise<T>;
const { openZ3Solver } = await load<typeof Pool>('pool/index');
const { createSearchSolver } = await load<typeof Policy>('policy/analysis/index');

describe('z3', () => {
  let z3: Awaited<ReturnType<typeof openZ3Solver>>;
  beforeAll(async () => {
    z3 = await openZ3Solver();
  });
  afterAll(() => z3.close());

  solverContract(() => z3, { numRuns: 40 });

  test('decides sums of probabilities, which the built-in solver leaves open', async () => {
    const chance = (name: string) =>
      ({
        kind: 'amount',
        of: [
          {
            kind: 'number',
            name,
            range: { low: 0, high: 1, isLowOpen: true, isHighOpen: true },
            isInteger: false,
          },
        ],
        low: 0,
        high: 1,
      }) as const;
    const sumOf = (weight: number, least: number): Formula => ({
      kind: 'weighing',
      terms: ['complexity', 'jailbreak'].map((name) => ({
        operand: chance(name),
        weight: weight * 1e9,
        sum: 0,
      })),
      sums: 1,
      test: ([sum]) => sum >= least * 1e9,
      rows: [{ coefficients: [1], least: least * 1e9 }],
    });
    const apart: Formula = {
      kind: 'atLeast',
      need: 2,
      of: [sumOf(0.5, 0.6), { kind: 'not', of: sumOf(1, 1.1) }],
    };
    expect(await createSearchSolver().solve(apart)).toEqual({ kind: 'undecided' });
    expect(await z3.solve(apart)).toEqual({ kind: 'unsatisfiable' });
    expect(await z3.solve(sumOf(0.5, 0.9))).toMatchObject({ kind: 'satisfiable' });
  });

  test('and the built-in solver say the same', async () => {
    const builtIn = createSearchSolver();
    await fc.assert(
      fc.asyncProperty(anyFormula, async (formula) => {
        const [own, theirs] = [await builtIn.solve(formula), await z3.solve(formula)];
        expect(theirs.kind).toBe(own.kind);
      }),
      { numRuns: 200 },
    );
  });
});
