import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SignalReader, SpentReading, Truth } from '../../contract/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import type { Condition, Term } from './condition.ts';
import { compileEvaluator } from './evaluator.ts';
import { explainCondition, Replay } from './explain.ts';
import { winnerTest } from './groups.ts';
import { UNITS } from './weighing.ts';

/** What a leaf finds: fast, and (where that is doubtful) deep; null is unknown. */
interface Script {
  readonly fast: Truth;
  readonly isDoubtful: boolean;
  readonly deep: Truth;
  readonly isLater: boolean;
}

const scripts = fc.record<Script>({
  fast: fc.constantFrom(true, false, null),
  isDoubtful: fc.boolean(),
  deep: fc.constantFrom(true, false, null),
  isLater: fc.boolean(),
});

type Shape =
  | { readonly kind: 'leaf'; readonly place: number }
  | { readonly kind: 'not'; readonly child: Shape }
  | { readonly kind: 'all' | 'any'; readonly children: readonly Shape[] }
  | { readonly kind: 'atLeast'; readonly need: number; readonly children: readonly Shape[] }
  | { readonly kind: 'assumption'; readonly unknownAs: boolean; readonly child: Shape }
  | WeighingShape;

interface WeighingShape {
  readonly kind: 'weighing';
  readonly terms: readonly {
    readonly of: Shape;
    readonly isMeasure: boolean;
    readonly weight: number;
    readonly sum: number;
  }[];
  /** The score to reach; null: a group of two, whose first member has to win with the confidence. */
  readonly need: number | null;
  readonly confidence: number;
}

const LEAVES = 6;
const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.nat(LEAVES - 1).map((place): Shape => ({ kind: 'leaf', place })),
    tie('shape').map((child): Shape => ({ kind: 'not', child })),
    fc
      .tuple(
        fc.constantFrom('all' as const, 'any' as const),
        fc.array(tie('shape'), { minLength: 1, maxLength: 4 }),
      )
      .map(([kind, children]): Shape => ({ kind, children })),
    fc
      .tuple(fc.nat(3), fc.array(tie('shape'), { minLength: 1, maxLength: 4 }))
      .map(([n, children]): Shape => ({
        kind: 'atLeast',
        need: Math.min(n + 1, children.length),
        children,
      })),
    fc
      .tuple(fc.boolean(), tie('shape'))
      .map(([unknownAs, child]): Shape => ({ kind: 'assumption', unknownAs, child })),
    fc
      .record({
        terms: fc.array(
          fc.record({
            of: tie('shape'),
            isMeasure: fc.boolean(),
            weight: fc.constantFrom(-0.7, -0.1, 0.1, 0.2, 0.7, 1),
            sum: fc.nat(1),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        need: fc.constantFrom(null, -0.1, 0.1, 0.3, 0.8),
        confidence: fc.constantFrom(0, 0.6),
      })
      .map((weighing): Shape => ({ kind: 'weighing', ...weighing })),
  ),
}));

/** Leaf `n` has the fast slot 2n and the deep slot 2n + 1; a reading of 'doubt' is doubtful. */
function conditionOf(form: Shape): Condition {
  if (form.kind === 'not') return { kind: 'not', child: conditionOf(form.child), cost: 0 };
  if (form.kind === 'assumption') {
    return { ...form, child: conditionOf(form.child), cost: 0 };
  }
  if (form.kind === 'weighing') {
    const terms = form.terms.map((term): Term => {
      const { weight, sum } = unitsOf(form, term);
      const found = conditionOf(term.of);
      if (found.kind !== 'leaf' || !term.isMeasure) return { operand: found, weight, sum };
      const { judge, ...leaf } = found;
      const share = (truth: Truth): number | null => (truth === null ? null : shareOf(truth));
      return {
        operand: {
          ...leaf,
          kind: 'measure',
          amount: null,
          judge: (reading) => share(judge(reading)),
        },
        weight,
        sum,
      };
    });
    return {
      kind: 'weighing',
      text: 'sum',
      terms,
      sums: 2,
      test: testOf(form),
      rows: null,
      cost: 0,
    };
  }
  if (form.kind !== 'leaf') {
    const need =
      form.kind === 'atLeast' ? form.need : form.kind === 'all' ? form.children.length : 1;
    return { kind: form.kind, need, children: form.children.map(conditionOf), cost: 0 };
  }
  return {
    kind: 'leaf',
    claim: null,
    slot: 2 * form.place,
    text: `leaf ${form.place}`,
    cost: 0,
    judge: ({ value }) => (value === null ? null : value === 'yes' || value === 'doubt-yes'),
    deep: {
      slot: 2 * form.place + 1,
      isDoubtful: ({ value }) => value === 'doubt-yes' || value === 'doubt-no',
    },
  };
}

/** What a measure finds of a truth. */
const shareOf = (truth: boolean): number => (truth ? 0.75 : 0.25);

/** A score has one sum. */
function unitsOf(
  { need }: WeighingShape,
  { weight, sum }: WeighingShape['terms'][number],
): { readonly weight: number; readonly sum: number } {
  return { weight: Math.round(weight * UNITS), sum: need === null ? sum : 0 };
}

function testOf({ need, confidence }: WeighingShape): (sums: readonly number[]) => boolean {
  if (need === null) return winnerTest(0, 0.5, confidence);
  return ([sum]) => sum! >= Math.round(need * UNITS);
}

/** Every sum at its worst and at its best for the test, and whether all that lies between agrees. */
function weighed(form: WeighingShape, leaves: readonly Script[]): Truth {
  const worst = [0, 0];
  const best = [0, 0];
  for (const term of form.terms) {
    const { weight, sum } = unitsOf(form, term);
    const truth = truthOf(term.of, leaves);
    const isMeasure = term.isMeasure && term.of.kind === 'leaf';
    const shares = truth === null ? [0, 1] : [isMeasure ? shareOf(truth) : truth ? 1 : 0];
    const amounts = shares.map((share) => Math.round(weight * share));
    const [low, high] = [Math.min(...amounts), Math.max(...amounts)];
    worst[sum]! += sum === 0 ? low : high;
    best[sum]! += sum === 0 ? high : low;
  }
  const test = testOf(form);
  if (test(worst)) return true;
  return test(best) ? null : false;
}

function readingOf(script: Script, isDeep: boolean): SpentReading {
  const truth = isDeep ? script.deep : script.fast;
  const doubt = !isDeep && script.isDoubtful && truth !== null ? 'doubt-' : '';
  const value = truth === null ? null : `${doubt}${truth ? 'yes' : 'no'}`;
  return { value, confidence: 1, spentMicroseconds: 0 };
}

function readerOf(leaves: readonly Script[]): SignalReader {
  const known: (SpentReading | undefined)[] = [];
  return {
    read(slot): MaybeAsync<SpentReading> {
      const script = leaves[slot >> 1]!;
      const reading = (known[slot] ??= readingOf(script, slot % 2 === 1));
      return script.isLater ? Promise.resolve(reading) : reading;
    },
    readings: () => known,
    share: () => {
      throw new Error('nothing is shared');
    },
  };
}

/** Kleene's value with every doubt settled beforehand. */
function truthOf(form: Shape, leaves: readonly Script[]): Truth {
  if (form.kind === 'leaf') {
    const { fast, isDoubtful, deep } = leaves[form.place]!;
    return isDoubtful && fast !== null && deep !== null ? deep : fast;
  }
  if (form.kind === 'not') {
    const truth = truthOf(form.child, leaves);
    return truth === null ? null : !truth;
  }
  if (form.kind === 'assumption') return truthOf(form.child, leaves) ?? form.unknownAs;
  if (form.kind === 'weighing') return weighed(form, leaves);
  const truths = form.children.map((child) => truthOf(child, leaves));
  if (form.kind === 'atLeast') {
    const trues = truths.filter((truth) => truth === true).length;
    const unknowns = truths.filter((truth) => truth === null).length;
    if (trues >= form.need) return true;
    return trues + unknowns >= form.need ? null : false;
  }
  const decisive = form.kind === 'any';
  if (truths.includes(decisive)) return decisive;
  return truths.includes(null) ? null : !decisive;
}

const cases = fc.tuple(
  shape,
  fc.array(scripts, { minLength: LEAVES, maxLength: LEAVES }),
  fc.boolean(),
);

describe('two speeds', () => {
  test('decide as if every doubtful reading had been settled', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ([form, leaves, unknownAs]) => {
        const reader = readerOf(leaves);
        const truth = await compileEvaluator(conditionOf(form), unknownAs)(reader);
        expect(truth ?? unknownAs).toBe(truthOf(form, leaves) ?? unknownAs);
      }),
      { numRuns: 2000 },
    );
  });

  test('the replay over what was read ends the same, and leaves nothing open', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ([form, leaves, unknownAs]) => {
        const reader = readerOf(leaves);
        const condition = conditionOf(form);
        const truth = await compileEvaluator(condition, unknownAs)(reader);
        const node = explainCondition(condition, unknownAs, new Replay(reader.readings()));
        expect(node.isDoubtful).toBeUndefined();
        expect(node.value ?? unknownAs).toBe(truth ?? unknownAs);
      }),
      { numRuns: 2000 },
    );
  });

  test('no deep slot is read when the fast ones settle the outcome, whatever it would say', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ([form, leaves, unknownAs]) => {
        const condition = conditionOf(form);
        const settle = (deep: Truth): Truth =>
          truthOf(
            form,
            leaves.map((leaf) => ({ ...leaf, deep })),
          ) ?? unknownAs;
        const reader = readerOf(leaves);
        await compileEvaluator(condition, unknownAs)(reader);
        const readDeep = reader.readings().some((reading, slot) => reading && slot % 2 === 1);
        if (readDeep) {
          const open = leaves.filter((leaf) => leaf.isDoubtful).length;
          expect(open).toBeGreaterThan(0);
        } else {
          expect(settle(true)).toBe(settle(false));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('a doubtful leaf waits for the leaves behind it', async () => {
    const leaf = (fast: Truth, isDoubtful: boolean): Script => ({
      fast,
      isDoubtful,
      deep: true,
      isLater: false,
    });
    const reader = readerOf([leaf(true, true), leaf(false, false)]);
    const form: Shape = {
      kind: 'all',
      children: [
        { kind: 'leaf', place: 0 },
        { kind: 'leaf', place: 1 },
      ],
    };
    expect(compileEvaluator(conditionOf(form), false)(reader)).toBe(false);
    expect(reader.readings()[1]).toBeUndefined();
    const node = explainCondition(conditionOf(form), false, new Replay(reader.readings()));
    expect(node).toMatchObject({ value: false, children: [{ value: null, isDoubtful: true }, {}] });
  });
});
