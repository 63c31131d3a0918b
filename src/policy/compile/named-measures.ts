import { ConfigIssue } from '../../contract/index.ts';
import type { Claim, CompiledCondition, Reading, SignalSlot, Truth } from '../../contract/index.ts';
import { boundsOf, boundsText, COMPARISON_KEYS, intervalOf, isWithin } from './comparison.ts';
import type { Bound } from './comparison.ts';
import { strictMembers } from './named-parts.ts';
import type { Members } from './named-parts.ts';

/** A number of a reading that holds several by name; it is 0 or more. */
export interface NamedMeasure {
  readonly name: string;
  /** The most that it can be. */
  readonly high: number;
  readonly isInteger: boolean;
}

/**
 * Comparisons of named numbers, all of which must hold; at least one is given. The slot's value is a
 * record of those that are known. Throws `ConfigIssue`.
 */
export function compileMeasures(
  measures: readonly NamedMeasure[],
  members: Members,
  slot: SignalSlot,
): CompiledCondition {
  const tests = measures
    .filter(({ name }) => members[name] !== undefined)
    .map((measure) => ({ measure, bounds: boundsAt(measure.name, members[measure.name]) }));
  if (tests.length === 0) {
    const names = measures.map(({ name }) => name).join(', ');
    throw new ConfigIssue(`must have a comparison of one of ${names}`);
  }
  const texts = tests.map(({ measure, bounds }) => `${measure.name} ${boundsText(bounds)}`);
  return {
    slot,
    test: (reading) => testAll(tests, reading),
    text: `${slot.key}: ${texts.join(', ')}`,
    claim: {
      kind: 'all',
      of: tests.map(({ measure, bounds }) => claimOf(slot.key, measure, bounds)),
    },
  };
}

interface Test {
  readonly measure: NamedMeasure;
  readonly bounds: readonly Bound[];
}

function claimOf(key: string, measure: NamedMeasure, bounds: readonly Bound[]): Claim {
  const { name: member, high, isInteger } = measure;
  const range = { low: 0, high, isLowOpen: false, isHighOpen: !Number.isFinite(high) };
  return {
    kind: 'within',
    of: { kind: 'number', name: `${key}.${member}`, member, range, isInteger },
    intervals: [intervalOf(bounds)],
  };
}

function boundsAt(name: string, value: unknown): readonly Bound[] {
  try {
    return boundsOf(strictMembers(value, COMPARISON_KEYS));
  } catch (error) {
    if (!(error instanceof ConfigIssue)) throw error;
    throw new ConfigIssue(error.message, [name, ...error.path], error.suggestion);
  }
}

/** Kleene's `all`: what is not told is unknown. */
function testAll(tests: readonly Test[], reading: Reading): Truth {
  const known = reading.value as Readonly<Record<string, number | undefined>>;
  let whole: Truth = true;
  for (const { measure, bounds } of tests) {
    const amount = known[measure.name];
    if (amount === undefined) whole = null;
    else if (!isWithin(bounds, amount)) return false;
  }
  return whole;
}
