import fc from 'fast-check';
import { expect, test } from 'vitest';
import type {
  ChoiceQuantity,
  Formula,
  FormulaSolver,
  NumberQuantity,
  QuantityValue,
  SharesQuantity,
  WeighedTerm,
} from '../../src/contract/index.ts';
import { truthOf } from '../../src/policy/analysis/formula.ts';

const closed = (low: number, high: number) => ({ low, high, isLowOpen: false, isHighOpen: false });
const WHOLE: NumberQuantity = {
  kind: 'number',
  name: 'tokens',
  range: { ...closed(0, Number.POSITIVE_INFINITY), isHighOpen: true },
  isInteger: true,
};
const CHANCE: NumberQuantity = {
  kind: 'number',
  name: 'chance',
  range: closed(0, 1),
  isInteger: false,
};
const LANGUAGE: ChoiceQuantity = { kind: 'choice', name: 'language', texts: ['de', 'en', 'fr'] };
const DOMAIN: SharesQuantity = {
  kind: 'shares',
  name: 'domain',
  labels: ['math', 'law'],
  isSingle: false,
};
const UNITS = 1e9;

const fact: fc.Arbitrary<Formula> = fc.oneof(
  fc
    .tuple(fc.constantFrom(0, 2, 4), fc.constantFrom(1, 3, 6), fc.boolean(), fc.boolean())
    .map(([low, wide, isLowOpen, isHighOpen]): Formula => {
      const interval = { low, high: low + wide, isLowOpen, isHighOpen };
      return { kind: 'within', of: WHOLE, intervals: [interval] };
    }),
  fc.tuple(fc.constantFrom(0.25, 0.5, 0.75), fc.boolean()).map(([low, isLowOpen]): Formula => ({
    kind: 'within',
    of: CHANCE,
    intervals: [{ ...closed(low, 1), isLowOpen }],
  })),
  fc
    .subarray(['de', 'en', 'fr'], { minLength: 1, maxLength: 2 })
    .map((texts): Formula => ({ kind: 'among', of: LANGUAGE, texts })),
  fc.constantFrom('a', 'b').map((name): Formula => ({ kind: 'holds', of: { kind: 'flag', name } })),
  fc
    .tuple(fc.subarray(['math', 'law'], { minLength: 1 }), fc.constantFrom(0.31, 0.53, 0.72))
    .map(([labels, atLeast]): Formula => ({ kind: 'share', of: DOMAIN, labels, atLeast })),
);

function weighingOf(terms: readonly WeighedTerm[], need: number): Formula {
  const least = need * UNITS;
  const test = ([sum]: readonly number[]): boolean => sum! >= least;
  return { kind: 'weighing', terms, sums: 1, test, rows: [{ coefficients: [1], least }] };
}

const formula: fc.Arbitrary<Formula> = fc.letrec<{ any: Formula }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'formula' },
    fact,
    tie('any').map((of): Formula => ({ kind: 'not', of })),
    fc
      .tuple(fc.array(tie('any'), { minLength: 2, maxLength: 4 }), fc.nat(3))
      .map(([of, spare]): Formula => ({
        kind: 'atLeast',
        need: Math.max(1, of.length - spare),
        of,
      })),
    fc
      .tuple(
        fc.array(fc.tuple(tie('any'), fc.constantFrom(-0.5, 0.25, 0.5, 1)), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.constantFrom(0, 0.5, 0.75, 1.25),
      )
      .map(([terms, need]): Formula =>
        weighingOf(
          terms.map(([operand, weight]) => ({ operand, weight: weight * UNITS, sum: 0 })),
          need,
        ),
      ),
  ),
})).any;

/** Points of every region that the thresholds above can make, by quantity. */
function valuesOf(name: string): readonly QuantityValue[] {
  if (name === 'tokens') return Array.from({ length: 12 }, (_, i) => i);
  if (name === 'chance') return [0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9];
  if (name === 'language') return ['de', 'en', 'fr'];
  return name === 'domain' ? DOMAINS : [false, true];
}

const HALVES = Array.from({ length: 20 }, (_, i) => (i + 0.5) / 20);
const DOMAINS = HALVES.flatMap((math) =>
  HALVES.filter((law) => math + law <= 1).map((law) => ({ math, law })),
);

function bruteForce(given: Formula): boolean {
  const names = [...new Set(namesIn(given))];
  const world = new Map<string, QuantityValue>();
  const isTrueFrom = (place: number): boolean => {
    const name = names[place];
    if (name === undefined) return truthOf(given, world) === true;
    return valuesOf(name).some((value) => isTrueFrom(world.set(name, value) && place + 1));
  };
  return isTrueFrom(0);
}

function namesIn(given: Formula): readonly string[] {
  switch (given.kind) {
    case 'constant':
      return [];
    case 'not':
      return namesIn(given.of);
    case 'atLeast':
      return given.of.flatMap(namesIn);
    case 'weighing':
      return given.terms.flatMap(({ operand }) =>
        operand.kind === 'amount' ? [] : namesIn(operand),
      );
    default:
      return [given.of.name];
  }
}

/** Formulas for a comparison of two solvers. */
/** Random formulas, for solvers that are tested elsewhere. @public */
export { formula as anyFormula };

/** What every solver of formulas keeps. */
export function solverContract(
  open: () => FormulaSolver,
  runs: { readonly numRuns: number },
): void {
  const verdictOf = async (given: Formula) => open().solve(given);
  const between = (low: number, high: number): Formula => ({
    kind: 'within',
    of: WHOLE,
    intervals: [{ ...closed(low, high), isHighOpen: true }],
  });
  const share = (labels: readonly string[], atLeast: number): Formula => ({
    kind: 'share',
    of: DOMAIN,
    labels,
    atLeast,
  });
  const all = (...of: readonly Formula[]): Formula => ({ kind: 'atLeast', need: of.length, of });
  const not = (of: Formula): Formula => ({ kind: 'not', of });

  test('agrees with trying everything out, and its examples are true', async () => {
    await fc.assert(
      fc.asyncProperty(formula, async (given) => {
        const verdict = await verdictOf(given);
        expect(verdict.kind).not.toBe('undecided');
        expect(verdict.kind === 'satisfiable').toBe(bruteForce(given));
        if (verdict.kind === 'satisfiable') expect(truthOf(given, verdict.example)).toBe(true);
      }),
      runs,
    );
  });

  test('knows ranges, integers and constants', async () => {
    expect(await verdictOf({ kind: 'constant', value: true })).toMatchObject({
      kind: 'satisfiable',
    });
    expect(await verdictOf({ kind: 'constant', value: false })).toEqual({ kind: 'unsatisfiable' });
    expect(await verdictOf(all(between(0, 1000), between(8000, 9000)))).toEqual({
      kind: 'unsatisfiable',
    });
    const gap = { low: 3, high: 4, isLowOpen: true, isHighOpen: true };
    expect(await verdictOf({ kind: 'within', of: WHOLE, intervals: [gap] })).toEqual({
      kind: 'unsatisfiable',
    });
    const beyond = { kind: 'within', of: CHANCE, intervals: [closed(1.1, 2)] } as const;
    expect(await verdictOf(beyond)).toEqual({ kind: 'unsatisfiable' });
  });

  test('knows that classes share what there is, and that a tie is no win', async () => {
    expect(await verdictOf(all(share(['math'], 0.5), share(['law'], 0.5)))).toEqual({
      kind: 'unsatisfiable',
    });
    expect(await verdictOf(all(share(['math'], 0.4), share(['law'], 0.4)))).toMatchObject({
      kind: 'satisfiable',
    });
    expect(
      await verdictOf(all(share(['math', 'law'], 1), not(share(['math'], 0.1)))),
    ).toMatchObject({
      kind: 'satisfiable',
    });
    expect(await verdictOf(all(not(share(['math', 'law'], 0.7)), share(['math'], 0.7)))).toEqual({
      kind: 'unsatisfiable',
    });
  });

  test('adds exactly in billionths', async () => {
    const half = (name: string, weight: number): WeighedTerm => ({
      operand: { kind: 'holds', of: { kind: 'flag', name } },
      weight,
      sum: 0,
    });
    const terms = [half('a', 100_000_000), half('b', 200_000_000)];
    expect(await verdictOf(weighingOf(terms, 0.3))).toMatchObject({ kind: 'satisfiable' });
    expect(await verdictOf(weighingOf(terms, 0.300_000_001))).toEqual({ kind: 'unsatisfiable' });
  });
}
