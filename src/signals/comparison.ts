import { ConfigIssue } from '../contract/index.ts';
import type { Interval } from '../contract/index.ts';
import { membersOf } from './shape.ts';
import type { Path } from './shape.ts';

/** A test of a number: `{ atLeast, atMost, above, below, equals }`, all of those given. */
export interface Comparison {
  test(value: number): boolean;
  /** The numbers that it compares with. */
  readonly bounds: readonly number[];
  /** The numbers that pass. */
  readonly interval: Interval;
  /** For example `>= 1000 and < 8000`. */
  readonly text: string;
}

const SIGNS = { equals: '=', atLeast: '>=', above: '>', atMost: '<=', below: '<' } as const;
type Operator = keyof typeof SIGNS;
const OPERATORS = Object.keys(SIGNS) as readonly Operator[];

export const COMPARISON_SCHEMA: Readonly<Record<string, unknown>> = {
  type: 'object',
  properties: Object.fromEntries(OPERATORS.map((operator) => [operator, { type: 'number' }])),
  additionalProperties: false,
  minProperties: 1,
};

/** Throws `ConfigIssue` for a comparison that is malformed or that no number passes. */
export function compileComparison(value: unknown, path: Path = []): Comparison {
  if (typeof value === 'number') {
    throw new ConfigIssue('must be a comparison', path, `{ equals: ${value} }`);
  }
  const members = membersOf(value, OPERATORS, path);
  const bounds: Partial<Record<Operator, number>> = {};
  for (const operator of OPERATORS) {
    const bound = members[operator];
    if (bound === undefined) continue;
    if (typeof bound !== 'number' || !Number.isFinite(bound)) {
      throw new ConfigIssue('must be a number', [...path, operator]);
    }
    bounds[operator] = bound;
  }
  const given = OPERATORS.filter((operator) => bounds[operator] !== undefined);
  if (given.length === 0) {
    throw new ConfigIssue(`must have one of ${OPERATORS.join(', ')}`, path);
  }
  const { equals, atLeast = equals ?? -Infinity, above = -Infinity } = bounds;
  const { atMost = equals ?? Infinity, below = Infinity } = bounds;
  const test = (number: number): boolean =>
    number >= atLeast && number > above && number <= atMost && number < below;
  const isEmpty =
    Math.max(atLeast, above) > Math.min(atMost, below) ||
    (Number.isFinite(above) && above >= Math.min(atMost, below)) ||
    (Number.isFinite(below) && below <= Math.max(atLeast, above)) ||
    (equals !== undefined && !test(equals));
  if (isEmpty) throw new ConfigIssue('can never be true: the bounds exclude each other', path);
  return {
    test,
    bounds: given.map((name) => bounds[name]!),
    interval: {
      low: Math.max(atLeast, above),
      high: Math.min(atMost, below),
      isLowOpen: above >= atLeast,
      isHighOpen: below <= atMost,
    },
    text: given.map((name) => `${SIGNS[name]} ${bounds[name]}`).join(' and '),
  };
}
