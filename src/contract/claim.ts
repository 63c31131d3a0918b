import type { MaybeAsync } from '../kernel/index.ts';

/**
 * What a condition says of the world, for whoever reasons about policies without requests. A quantity is
 * known by its name: conditions that name the same one speak of the same thing, whatever slot they read.
 */
export type Claim =
  | Fact
  | { readonly kind: 'all' | 'any'; readonly of: readonly Claim[] }
  | { readonly kind: 'not'; readonly of: Claim };

/** A claim about one quantity. */
export type Fact = WithinFact | AmongFact | HoldsFact | ShareFact;

/** The number lies in one of the intervals. */
export interface WithinFact {
  readonly kind: 'within';
  readonly of: NumberQuantity;
  readonly intervals: readonly Interval[];
}

/** The text is one of those given. */
export interface AmongFact {
  readonly kind: 'among';
  readonly of: ChoiceQuantity;
  readonly texts: readonly string[];
}

export interface HoldsFact {
  readonly kind: 'holds';
  readonly of: FlagQuantity;
}

/** The labels have at least this share together. */
export interface ShareFact {
  readonly kind: 'share';
  readonly of: SharesQuantity;
  readonly labels: readonly string[];
  /** Above 0, at most 1. */
  readonly atLeast: number;
}

/** Ends may be infinite. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly isLowOpen: boolean;
  readonly isHighOpen: boolean;
}

interface Named {
  readonly name: string;
  /** Where the slot's value is a record: the member that holds the quantity. Unset: the value itself. */
  readonly member?: string;
}

export interface NumberQuantity extends Named {
  readonly kind: 'number';
  /** What it can be at all; a threshold outside is one that nothing reaches. */
  readonly range: Interval;
  readonly isInteger: boolean;
  /** It is the cosine of the request's text with these: the highest of them, or their mean. */
  readonly cosineWith?: {
    readonly examples: readonly string[];
    readonly aggregate: 'max' | 'mean';
  };
}

/** One text of several that exclude each other. */
export interface ChoiceQuantity extends Named {
  readonly kind: 'choice';
  /** All that there are; null: any text can come. */
  readonly texts: readonly string[] | null;
}

/** Yes or no, whatever else is. */
export interface FlagQuantity extends Named {
  readonly kind: 'flag';
  /** The slot's value is a list, and this is what it has where the flag holds. */
  readonly listed?: string;
  /** What a user's text must contain for the flag to hold, where it is that simple. */
  readonly text?: string;
}

/** Shares of classes that exclude each other: each is 0 or more, and together they are at most 1. */
export interface SharesQuantity extends Named {
  readonly kind: 'shares';
  readonly labels: readonly string[];
  /** One label at most has a share. */
  readonly isSingle: boolean;
  /** No share reaches this. */
  readonly below?: number;
}

export type Quantity = NumberQuantity | ChoiceQuantity | FlagQuantity | SharesQuantity;

/** A condition made of claims and weighings, over known values only. */
export type Formula =
  | Fact
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly of: Formula }
  /** True where `need` of them are. */
  | { readonly kind: 'atLeast'; readonly need: number; readonly of: readonly Formula[] }
  | WeighingFormula;

/** Weighted terms added up in sums, and a monotone test: what raises sum 0 or lowers another can only make it true. */
export interface WeighingFormula {
  readonly kind: 'weighing';
  readonly terms: readonly WeighedTerm[];
  readonly sums: number;
  readonly test: (sums: readonly number[]) => boolean;
  /** The test as inequalities that must all hold; null where it is none. */
  readonly rows: readonly LinearRow[] | null;
}

export interface WeighedTerm {
  /** Counts 1 or 0, or a share from 0 to 1. */
  readonly operand: Formula | Amount;
  readonly weight: number;
  readonly sum: number;
}

/** Σ coefficients · sums ≥ least. */
export interface LinearRow {
  readonly coefficients: readonly number[];
  readonly least: number;
}

/** Numbers added up, as a share of a range, cut off at both ends. */
export interface Amount {
  readonly kind: 'amount';
  readonly of: readonly AmountPart[];
  readonly low: number;
  readonly high: number;
}

export type AmountPart =
  | NumberQuantity
  | { readonly kind: 'shareOf'; readonly shares: SharesQuantity; readonly label: string }
  /** 0 where the fact does not hold. */
  | { readonly kind: 'where'; readonly number: NumberQuantity; readonly fact: AmongFact };

/** A value for each quantity that matters, by name. */
export type Assignment = ReadonlyMap<string, QuantityValue>;

/** Shares by label. */
export type QuantityValue = number | string | boolean | Readonly<Record<string, number>>;

export type SolverAnswer =
  | { readonly kind: 'satisfiable'; readonly example: Assignment }
  | { readonly kind: 'unsatisfiable' }
  /** The solver gave up, or its theory does not reach that far. */
  | { readonly kind: 'undecided' };

/** Extension point of the analysis: tells whether anything makes a formula true. */
export interface FormulaSolver {
  readonly name: string;
  solve(formula: Formula): MaybeAsync<SolverAnswer>;
}
