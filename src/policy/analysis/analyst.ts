import type { Assignment, Formula, Witness } from '../../contract/index.ts';
import type { Condition } from '../compile/condition.ts';
import type { CompiledRoute } from '../compile/rules.ts';
import { pathText } from '../document/place.ts';
import type { Path } from '../document/place.ts';
import { all, not } from './formula.ts';
import type { AnalysisPorts } from './ports.ts';
import { Questions } from './questions.ts';
import { ConditionFormulas } from './rails.ts';
import { pathOf } from './subject.ts';
import type { Draft, PolicySubject, Rulebook } from './subject.ts';
import { WitnessFinder } from './witness/witness-finder.ts';
import type { Scene } from './witness/witness-finder.ts';

type NewDraft = Pick<Draft, 'code' | 'severity' | 'message' | 'path'> &
  Partial<Pick<Draft, 'related' | 'witness'>>;

const SEVERITIES: readonly Draft['severity'][] = ['note', 'warning', 'error'];

/** What one analysis knows, and what it has found so far. */
export class Analyst {
  readonly subject: PolicySubject;
  readonly formulas: ConditionFormulas;
  readonly questions: Questions;
  readonly #witnesses: WitnessFinder | null;
  readonly #drafts = new Map<string, Draft>();
  readonly #seen = new Set<Condition>();
  readonly #blamed = new Set<Condition>();

  constructor(
    subject: PolicySubject,
    ports: AnalysisPorts,
    factsOf: (formula: Formula) => readonly Formula[],
  ) {
    this.subject = subject;
    this.formulas = new ConditionFormulas(subject.slots, conditionsOf(subject));
    this.questions = new Questions(ports.solver, ports.pause, factsOf);
    this.#witnesses = ports.open === null ? null : new WitnessFinder(subject, ports.open);
  }

  /** Of two findings of one kind at one place, the graver stays. */
  add({ related = [], witness = null, ...draft }: NewDraft): void {
    const key = `${draft.code} ${pathText(draft.path)}`;
    const known = this.#drafts.get(key);
    if (known !== undefined && rank(known) >= rank(draft)) return;
    this.#drafts.set(key, { ...draft, related, witness });
  }

  drafts(): readonly Draft[] {
    return [...this.#drafts.values()];
  }

  /** True the first time. */
  isNew(condition: Condition): boolean {
    const isNew = !this.#seen.has(condition);
    this.#seen.add(condition);
    return isNew;
  }

  /** Something was found about the condition: what follows from it needs no word. */
  blame(condition: Condition): void {
    this.#blamed.add(condition);
  }

  isBlamed(condition: Condition): boolean {
    return this.#blamed.has(condition);
  }

  inFileOrder<T>(values: readonly T[], pathOf: (value: T) => Path): readonly T[] {
    const placed = values.map((value) => ({
      value,
      place: this.subject.findings.problemAt(pathOf(value), ''),
    }));
    placed.sort(
      ({ place: a }, { place: b }) =>
        (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    );
    return placed.map(({ value }) => value);
  }

  pathOf(condition: Condition, otherwise: Path): Path {
    return pathOf(this.subject, condition, otherwise);
  }

  /** That the route matches and none before it does. */
  decides(route: CompiledRoute, { routes }: Rulebook): Formula {
    const before = routes.slice(0, routes.indexOf(route));
    return all([
      this.formulas.isTrue(route.condition),
      ...before.map((earlier) => not(this.formulas.isTrue(earlier.condition))),
    ]);
  }

  /** That no constraint refuses. */
  isAdmitted({ constraints }: Rulebook): Formula {
    const refusing = constraints.filter((constraint) => constraint.rule === null);
    return all(refusing.map(({ condition }) => not(this.formulas.isTrue(condition))));
  }

  /** A request that behaves like the example, or null where none was found that does. */
  async witness(example: Assignment | null, scene: Scene): Promise<Witness | null> {
    if (example === null || this.#witnesses === null) return null;
    return this.#witnesses.find(example, scene);
  }

  /** Without a way to read requests, nothing can be shown. */
  get canShow(): boolean {
    return this.#witnesses !== null;
  }
}

const rank = ({ severity }: Pick<Draft, 'severity'>): number => SEVERITIES.indexOf(severity);

function conditionsOf({ rulebooks, suspect }: PolicySubject): readonly Condition[] {
  const rules = rulebooks.flatMap(({ constraints, routes }) => [...constraints, ...routes]);
  const own = rules.flatMap(({ condition }) => (condition === null ? [] : [condition]));
  const named = [...suspect.compiler.named.compiledOf<Condition>('condition')];
  return [...own, ...named.map(({ compiled }) => compiled)];
}
