import { ConfigIssue } from '../../contract/index.ts';
import type { LinearRow } from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import type { Path } from '../document/place.ts';
import { entriesOf } from '../document/raw.ts';
import type { ConditionCompiler } from './compiler.ts';
import type { Condition, Term } from './condition.ts';
import { strictMembers } from './named-parts.ts';
import type { Members } from './named-parts.ts';
import { cheapestFirst, referToScore } from './scores.ts';
import { UNITS } from './weighing.ts';

/** Members that exclude each other, under `signals.groups`. */
export interface Group {
  readonly members: readonly Member[];
  readonly temperature: number;
}

interface Member {
  readonly name: string;
  readonly terms: readonly Term[];
}

/** `group: { name: desk, is: billing, confidence: 0.6 }`. Throws `ConfigIssue`. */
export function compileGroupCondition(
  value: unknown,
  path: Path,
  compiler: ConditionCompiler,
): Condition | null {
  const { name, is, confidence } = strictMembers(value, ['name', 'is', 'confidence']);
  const group = compiler.named.refer('group', name, [...path, 'name'], (members, at) =>
    compileGroup(members, at, compiler),
  );
  if (group === null) return null;
  const names = group.members.map((member) => member.name);
  const own = names.indexOf(String(is));
  if (own < 0) {
    const suggestion = typeof is === 'string' ? nearest(is, names) : null;
    throw new ConfigIssue(`must be one of ${names.join(', ')}`, ['is'], suggestion);
  }
  const least = confidenceOf(confidence);
  const limit = least === 0 ? '' : ` with confidence >= ${least}`;
  const terms = cheapestFirst(
    group.members.flatMap((member, i) =>
      // Sum 0 is the wanted member's; those before it move up by one.
      member.terms.map((term) => ({ ...term, sum: i === own ? 0 : i < own ? i + 1 : i })),
    ),
  );
  return {
    kind: 'weighing',
    text: `group ${String(name)} is ${names[own]}${limit}`,
    terms,
    sums: names.length,
    test: winnerTest(own, group.temperature, least),
    rows: winnerRows(own, names.length, group.temperature, least),
    cost: terms.at(-1)!.operand.cost,
  };
}

/** Null where a member is wrong, which is reported here or by the schema. */
export function compileGroup(
  members: Members,
  path: Path,
  compiler: ConditionCompiler,
): Group | null {
  const compiled = entriesOf(members['of']).map(([i, member]) =>
    compileMember(member, [...path, 'of', i], compiler),
  );
  const whole = compiled.filter((member) => member !== null);
  if (whole.length < Math.max(2, compiled.length)) return null;
  const { temperature } = members;
  return { members: whole, temperature: typeof temperature === 'number' ? temperature : 1 };
}

function compileMember(
  { name, when, score }: Members,
  path: Path,
  compiler: ConditionCompiler,
): Member | null {
  if (typeof name !== 'string') return null;
  if (score !== undefined) {
    const found = referToScore(score, [...path, 'score'], compiler);
    return found === null ? null : { name, terms: found.terms };
  }
  const operand = compiler.compile(when, [...path, 'when']);
  return operand === null ? null : { name, terms: [{ operand, weight: UNITS, sum: 0 }] };
}

function confidenceOf(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === 'number' && value > 0 && value <= 1) return value;
  throw new ConfigIssue('must be a number above 0 and at most 1', ['confidence']);
}

/**
 * Whether sum 0 is above zero, the highest (of equal ones, the member that stands first), and its
 * softmax probability 1 / Σ e^((s − s₀) / temperature) at least `confidence`.
 */
export function winnerTest(
  own: number,
  temperature: number,
  confidence: number,
): (sums: readonly number[]) => boolean {
  return (sums) => {
    const mine = sums[0]!;
    if (mine <= 0) return false;
    let total = 1;
    for (let i = 1; i < sums.length; i++) {
      const other = sums[i]!;
      if (other > mine || (other === mine && i <= own)) return false;
      total += Math.exp((other - mine) / UNITS / temperature);
    }
    return total * confidence <= 1;
  };
}

/** The same as inequalities. Between more than two members, a confidence is none. */
function winnerRows(
  own: number,
  members: number,
  temperature: number,
  confidence: number,
): readonly LinearRow[] | null {
  const row = (least: number, other?: number): LinearRow => ({
    coefficients: Array.from({ length: members }, (_, i) => (i === 0 ? 1 : i === other ? -1 : 0)),
    least,
  });
  const others = Array.from({ length: members - 1 }, (_, i) => i + 1);
  const rows = [row(1), ...others.map((other) => row(other <= own ? 1 : 0, other))];
  // Every winner of n members has a probability of 1/n or more.
  if (confidence * members <= 1) return rows;
  if (members > 2) return null;
  const odds = confidence / (1 - confidence);
  return [...rows, row(Math.ceil(UNITS * temperature * Math.log(odds)), 1)];
}
