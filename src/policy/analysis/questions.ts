import type { Assignment, Formula, FormulaSolver, SolverAnswer } from '../../contract/index.ts';
import type { MaybeAsyncPause } from './ports.ts';
import { all } from './formula.ts';

/** Asks a solver, within the facts that always hold, and counts what it could not answer. */
export class Questions {
  undecided = 0;
  readonly #solver: FormulaSolver;
  readonly #pause: MaybeAsyncPause;
  /** Facts about the quantities of a formula. */
  readonly #factsOf: (formula: Formula) => readonly Formula[];

  constructor(
    solver: FormulaSolver,
    pause: MaybeAsyncPause,
    factsOf: (formula: Formula) => readonly Formula[],
  ) {
    this.#solver = solver;
    this.#pause = pause;
    this.#factsOf = factsOf;
  }

  /** Something that makes all of the formulas true; `never` where nothing does, null where that is not known. */
  async example(...formulas: readonly Formula[]): Promise<Assignment | 'never' | null> {
    const verdict = await this.#ask(formulas);
    if (verdict.kind === 'satisfiable') return verdict.example;
    return verdict.kind === 'unsatisfiable' ? 'never' : null;
  }

  async isNever(...formulas: readonly Formula[]): Promise<boolean> {
    return (await this.#ask(formulas)).kind === 'unsatisfiable';
  }

  async #ask(formulas: readonly Formula[]): Promise<SolverAnswer> {
    const formula = all(formulas);
    const facts = this.#factsOf(formula);
    await this.#pause();
    const verdict = await this.#solver.solve(
      facts.length === 0 ? formula : all([formula, ...facts]),
    );
    if (verdict.kind === 'undecided') this.undecided++;
    return verdict;
  }

  /** The fewest of the formulas that exclude each other, given that all of them do: none of them can go. */
  async core(
    formulas: readonly Formula[],
    given: readonly Formula[] = [],
  ): Promise<readonly number[]> {
    let kept = formulas.map((_, i) => i);
    for (let size = Math.ceil(kept.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let end = kept.length; end > 0; end -= size) {
        const rest = kept.filter((_, i) => i < end - size || i >= end);
        const left = rest.map((each) => formulas[each]!);
        if (await this.isNever(...given, ...left)) kept = rest;
      }
    }
    return kept;
  }
}
