import type {
  Amount,
  Claim,
  LinearRow,
  Reading,
  SpentReading,
  Truth,
} from '../../contract/index.ts';
import type { StepsAhead } from './ahead.ts';

/**
 * A compiled condition. Children are in the order of evaluation: cheapest signals first, else as
 * written. `cost` is the dearest cost class below, as an index.
 */
export type Condition = Leaf | Junction | Not | Assumption | Labelled | Weighing;

export interface Leaf {
  readonly kind: 'leaf';
  readonly slot: number;
  readonly text: string;
  /** Null where nothing is known of it. */
  readonly claim: Claim | null;
  readonly cost: number;
  readonly judge: (reading: Reading) => Truth;
  readonly deep: DeepLeaf | null;
}

/** True when `need` of the children are: all of them, one of them, or the number given. */
export interface Junction {
  readonly kind: 'all' | 'any' | 'atLeast';
  readonly need: number;
  readonly children: readonly Condition[];
  readonly cost: number;
  readonly ahead?: Ahead;
}

/** Which of the operands are begun while one is waited for; `deep`: when doubts are being settled. */
export interface Ahead {
  readonly fast: StepsAhead;
  readonly deep: StepsAhead;
}

export interface Not {
  readonly kind: 'not';
  readonly child: Condition;
  readonly cost: number;
}

/** What an unknown child counts as. */
export interface Assumption {
  readonly kind: 'assumption';
  readonly unknownAs: boolean;
  readonly child: Condition;
  readonly cost: number;
}

/** A child under a name, for explanations. */
export interface Labelled {
  readonly kind: 'labelled';
  readonly text: string;
  readonly child: Condition;
  readonly cost: number;
}

/**
 * Weighted terms, added up in one or more sums, and a test of the sums. The test is monotone: what
 * raises sum 0 or lowers another can only make it true.
 */
export interface Weighing {
  readonly kind: 'weighing';
  readonly text: string;
  readonly terms: readonly Term[];
  readonly sums: number;
  readonly test: (sums: readonly number[]) => boolean;
  /** The test as inequalities that must all hold; null where it is none. */
  readonly rows: readonly LinearRow[] | null;
  /** Where there is one sum and the test is whether it reaches this. */
  readonly threshold?: number;
  readonly cost: number;
  readonly ahead?: Ahead;
}

export interface Term {
  /** Each share, 0 to 1, counts times the weight. A condition's is 1 or 0. */
  readonly operand: Condition | Measure;
  /** In billionths: sums of whole numbers do not depend on their order. */
  readonly weight: number;
  readonly sum: number;
}

/** A reading as a share, 0 to 1; null where it is unknown. */
export interface Measure {
  readonly kind: 'measure';
  readonly slot: number;
  readonly text: string;
  /** What the share is of: numbers, or the truth of a claim. Null where nothing is known of it. */
  readonly amount: Amount | Claim | null;
  readonly cost: number;
  readonly judge: (reading: Reading) => number | null;
  readonly deep: DeepLeaf | null;
}

/** The slot that settles a doubtful reading of the leaf's own slot. */
export interface DeepLeaf {
  readonly slot: number;
  readonly isDoubtful: (reading: Reading) => boolean;
}

/** A truth, or undefined while a doubtful reading leaves it open. */
export type OpenTruth = Truth | undefined;

/** What stands directly below, in the order of evaluation. */
export function operandsOf(condition: Condition | Measure): readonly (Condition | Measure)[] {
  switch (condition.kind) {
    case 'leaf':
    case 'measure':
      return [];
    case 'all':
    case 'any':
    case 'atLeast':
      return condition.children;
    case 'weighing':
      return condition.terms.map((term) => term.operand);
    default:
      return [condition.child];
  }
}

/** Whether a doubtful reading can leave the condition open. */
export function hasDeepLeaf(condition: Condition | Measure): boolean {
  if (condition.kind === 'leaf' || condition.kind === 'measure') return condition.deep !== null;
  return operandsOf(condition).some(hasDeepLeaf);
}

/** Whether a truer operand makes the weighing truer, rather than less so. */
export const isFavourable = ({ weight, sum }: Term): boolean => weight > 0 === (sum === 0);

/** What was read of a request, by slot; undefined where nothing was. */
export type Readings = readonly (SpentReading | undefined)[];

/** Judges a known reading; an unknown value, and a test that throws, are unknown. */
export function judgeBy<T>(test: (reading: Reading) => T): (reading: Reading) => T | null {
  return (reading) => {
    if (reading.value === null || reading.value === undefined) return null;
    try {
      return test(reading);
    } catch {
      return null;
    }
  };
}

/** A failing test of doubt is no doubt. */
export function doubtBy(isDoubtful: (reading: Reading) => boolean): (reading: Reading) => boolean {
  return (reading) => {
    if (reading.value === null || reading.value === undefined) return false;
    try {
      return isDoubtful(reading);
    } catch {
      return false;
    }
  };
}
