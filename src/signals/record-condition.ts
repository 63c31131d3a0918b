import { ConfigIssue } from '../contract/index.ts';
import type { Claim, Reading, Truth } from '../contract/index.ts';
import { allOf, countOf, holds, not, passes } from './claims.ts';
import { COMPARISON_SCHEMA, compileComparison } from './comparison.ts';
import { flagOf, membersOf } from './shape.ts';

/** The members of a signal whose value is a record: what each holds. */
export type RecordMembers = Readonly<
  Record<
    string,
    {
      readonly holds: 'number' | 'boolean';
      readonly description: string;
      /** What claims call it; unset: the kind and the member. */
      readonly quantity?: string;
    }
  >
>;

export interface RecordCondition {
  /** Names of the members tested, sorted. */
  readonly names: readonly string[];
  readonly text: string;
  readonly test: (reading: Reading) => Truth;
  readonly claim: Claim;
}

/** Compiles `{ member: comparison or true/false, … }`: all must hold; a member without a value is unknown. */
export function compileRecordCondition(
  kind: string,
  value: unknown,
  members: RecordMembers,
): RecordCondition {
  const given = membersOf(value, Object.keys(members));
  const names = Object.keys(given).sort();
  if (names.length === 0) {
    throw new ConfigIssue(`must have one of ${Object.keys(members).join(', ')}`);
  }
  const texts: string[] = [];
  const claims: Claim[] = [];
  const tests = names.map((name) => {
    const quantity = members[name]!.quantity ?? `${kind}.${name}`;
    if (members[name]!.holds === 'number') {
      const comparison = compileComparison(given[name], [name]);
      texts.push(`${kind}.${name} ${comparison.text}`);
      claims.push(passes(countOf(quantity, name), comparison));
      return (actual: unknown) => comparison.test(actual as number);
    }
    const wanted = flagOf(given[name], [name]);
    texts.push(`${kind}.${name} = ${wanted}`);
    const claim = holds(quantity, { member: name });
    claims.push(wanted ? claim : not(claim));
    return (actual: unknown) => actual === wanted;
  });
  return {
    names,
    text: texts.join(' and '),
    claim: allOf(claims),
    test(reading) {
      const record = reading.value as Readonly<Record<string, number | boolean>>;
      let truth: Truth = true;
      for (let i = 0; i < names.length; i++) {
        const actual = record[names[i]!];
        if (actual === undefined) truth = null;
        else if (!tests[i]!(actual)) return false;
      }
      return truth;
    },
  };
}

/** JSON Schema of the condition that `compileRecordCondition` reads. */
export function recordConditionSchema(members: RecordMembers): Readonly<Record<string, unknown>> {
  const properties = Object.entries(members).map(([name, member]) => [
    name,
    {
      description: member.description,
      ...(member.holds === 'number' ? COMPARISON_SCHEMA : { type: 'boolean' }),
    },
  ]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as Record<string, unknown>,
    additionalProperties: false,
    minProperties: 1,
  };
}
