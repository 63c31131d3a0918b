import { ConfigIssue } from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import type { Path } from '../document/place.ts';
import { entriesOf } from '../document/raw.ts';
import { boundsOf, boundsText, COMPARISON_KEYS } from './comparison.ts';
import type { Bound } from './comparison.ts';
import type { ConditionCompiler } from './compiler.ts';
import { isFavourable } from './condition.ts';
import type { Condition, Term, Weighing } from './condition.ts';
import { strictMembers } from './named-parts.ts';
import type { Members } from './named-parts.ts';
import { UNITS } from './weighing.ts';

/** A score under `signals.scores`. */
export interface Score {
  /** Cheapest first. */
  readonly terms: readonly Term[];
  /** From the lowest up. */
  readonly bands: readonly Band[];
}

export interface Band {
  readonly name: string;
  /** Its place among the bands as written. */
  readonly index: number;
  readonly atLeast: number;
}

/** `score: { name: risk, atLeast: 0.7 }` or `score: { name: risk, band: high }`. Throws `ConfigIssue`. */
export function compileScoreCondition(
  value: unknown,
  path: Path,
  compiler: ConditionCompiler,
): Condition | null {
  const { name, band, ...comparison } = strictMembers(value, ['name', 'band', ...COMPARISON_KEYS]);
  const score = referToScore(name, [...path, 'name'], compiler);
  if (score === null) return null;
  if (band === undefined) return within(String(name), score, boundsOf(comparison));
  if (Object.keys(comparison).length > 0) {
    throw new ConfigIssue('cannot have a comparison beside band');
  }
  const child = within(String(name), score, boundsOfBand(score.bands, band));
  return {
    kind: 'labelled',
    text: `score ${String(name)}: ${band as string}`,
    child,
    cost: child.cost,
  };
}

export function referToScore(name: unknown, path: Path, compiler: ConditionCompiler): Score | null {
  return compiler.named.refer('score', name, path, (members, at) =>
    compileScore(members, at, compiler),
  );
}

/** Null where a term is wrong, which is reported here or by the schema. */
export function compileScore(
  members: Members,
  path: Path,
  compiler: ConditionCompiler,
): Score | null {
  const terms = entriesOf(members['terms']).map(([i, term]) =>
    compileTerm(term, [...path, 'terms', i], compiler),
  );
  const whole = terms.filter((term) => term !== null);
  if (whole.length < terms.length || whole.length === 0) return null;
  const bands = entriesOf(members['bands']).flatMap(([index, { name, atLeast }]) =>
    typeof name === 'string' && typeof atLeast === 'number' ? [{ name, index, atLeast }] : [],
  );
  return { terms: cheapestFirst(whole), bands: bands.sort((a, b) => a.atLeast - b.atLeast) };
}

export const cheapestFirst = (terms: readonly Term[]): readonly Term[] =>
  terms.toSorted((a, b) => a.operand.cost - b.operand.cost);

function compileTerm(
  { when, value, weight, range }: Members,
  path: Path,
  compiler: ConditionCompiler,
): Term | null {
  const operand =
    value === undefined
      ? compiler.compile(when, [...path, 'when'])
      : compiler.compileMeasure(value, rangeOf(range), [...path, 'value']);
  if (operand === null || typeof weight !== 'number') return null;
  return { operand, weight: Math.round(weight * UNITS), sum: 0 };
}

function rangeOf(range: unknown): readonly [number, number] {
  const [low, high] = Array.isArray(range) ? (range as unknown[]) : [];
  return typeof low === 'number' && typeof high === 'number' ? [low, high] : [0, 1];
}

/** Up to the next band, and without end for the highest. */
function boundsOfBand(bands: readonly Band[], wanted: unknown): readonly Bound[] {
  const place = bands.findIndex((band) => band.name === wanted);
  if (place < 0) {
    const names = bands.map((band) => band.name);
    throw new ConfigIssue(
      names.length === 0
        ? 'the score has no bands: add them, or compare with atLeast'
        : `must be one of ${names.join(', ')}`,
      ['band'],
      typeof wanted === 'string' ? nearest(wanted, names) : null,
    );
  }
  return boundsFrom(bands, place);
}

function boundsFrom(bands: readonly Band[], place: number): readonly Bound[] {
  const next = bands[place + 1];
  const low: Bound = { operator: 'atLeast', value: bands[place]!.atLeast };
  return next === undefined ? [low] : [low, { operator: 'below', value: next.atLeast }];
}

/** What must hold for the score to lie in one of its bands. */
export const weighingsOfBand = (name: string, score: Score, band: Band): readonly Condition[] =>
  sidesOf(name, score, boundsFrom(score.bands, score.bands.indexOf(band)));

/** Throws `ConfigIssue` where the terms cannot add up to it, or cannot help it. */
function within(name: string, score: Score, bounds: readonly Bound[]): Condition {
  const sides = sidesOf(name, score, bounds);
  checkRange(score.terms, bounds);
  if (sides.length === 1) return sides[0]!;
  return { kind: 'all', need: sides.length, children: sides, cost: sides[0]!.cost };
}

/** A condition for each bound. */
function sidesOf(name: string, score: Score, bounds: readonly Bound[]): readonly Condition[] {
  return bounds.map((bound): Condition => {
    const { operator, value } = bound;
    const isUpper = operator === 'atMost' || operator === 'below';
    const isStrict = operator === 'above' || operator === 'atMost';
    const need = Math.round(value * UNITS) + (isStrict ? 1 : 0);
    const sign = isStrict ? '>' : '>=';
    const weighing = weigh(score.terms, `score ${name} ${sign} ${value}`, need);
    return isUpper ? { kind: 'not', child: weighing, cost: weighing.cost } : weighing;
  });
}

function weigh(terms: readonly Term[], text: string, need: number): Weighing {
  const cost = terms.at(-1)!.operand.cost;
  const rows = [{ coefficients: [1], least: need }];
  const test = (sums: readonly number[]): boolean => sums[0]! >= need;
  return { kind: 'weighing', text, terms, sums: 1, test, threshold: need, rows, cost };
}

function checkRange(terms: readonly Term[], bounds: readonly Bound[]): void {
  let least = 0;
  let most = 0;
  for (const term of terms) {
    if (isFavourable(term)) most += term.weight;
    else least += term.weight;
  }
  const shown = `the terms add up to ${least / UNITS} to ${most / UNITS}`;
  for (const { operator, value } of bounds) {
    const bound = Math.round(value * UNITS);
    const isNever =
      (operator === 'atLeast' && bound > most) ||
      (operator === 'above' && bound >= most) ||
      (operator === 'atMost' && bound < least) ||
      (operator === 'below' && bound <= least);
    if (isNever) throw new ConfigIssue(`can never be true: ${shown}`);
  }
  const isAlways = bounds.every(({ operator, value }) => {
    const bound = Math.round(value * UNITS);
    if (operator === 'atLeast') return bound <= least;
    if (operator === 'above') return bound < least;
    return operator === 'atMost' ? bound >= most : bound > most;
  });
  if (isAlways) throw new ConfigIssue(`is always true (${boundsText(bounds)}): ${shown}`);
}
