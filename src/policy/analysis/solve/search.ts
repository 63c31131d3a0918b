import type {
  Assignment,
  Formula,
  FormulaSolver,
  QuantityValue,
  ShareFact,
  SolverAnswer,
} from '../../../contract/index.ts';
import { truthOf } from '../formula.ts';
import { circuitOf } from './circuit.ts';
import type { Circuit } from './circuit.ts';
import { findShares } from './shares.ts';
import type { ShareLiteral } from './shares.ts';
import { State, valuesIn, wholeDomain } from './state.ts';
import type { Value, Variable } from './variables.ts';

/** Branches after which the search gives up. */
const BRANCHES_MAX = 20_000;

export const BUILT_IN_SOLVER = 'built-in';

/**
 * Backtracking over finitely many values of each quantity. Exact where a formula has facts and weighed
 * facts only; weighed numbers are bounded, and undecided where the bounds and a few samples do not tell.
 */
export function createSearchSolver(branchesMax = BRANCHES_MAX): FormulaSolver {
  return {
    name: BUILT_IN_SOLVER,
    solve: (formula) => new Search(formula, branchesMax).run(),
  };
}

/** The example is made when somebody asks for it: most questions are whether there is one. */
class Satisfied {
  readonly kind = 'satisfiable';
  readonly #make: () => Assignment;
  #example: Assignment | null = null;

  constructor(make: () => Assignment) {
    this.#make = make;
  }

  get example(): Assignment {
    return (this.#example ??= this.#make());
  }
}

class Search {
  readonly #formula: Formula;
  readonly #circuit: Circuit;
  #branchesLeft: number;
  /** A part of the space was left unexplored. */
  #hasGap = false;

  constructor(formula: Formula, branchesMax: number) {
    this.#formula = formula;
    this.#circuit = circuitOf(formula);
    this.#branchesLeft = branchesMax;
  }

  run(): SolverAnswer {
    const found = this.#explore(new State(this.#circuit.variables));
    if (found !== null) return new Satisfied(found);
    return { kind: this.#hasGap ? 'undecided' : 'unsatisfiable' };
  }

  #explore(state: State): (() => Assignment) | null {
    const { root, variables } = this.#circuit;
    if (!state.force(root)) return null;
    const shares = sharesIn(variables, state.domains);
    if (shares === null) return null;
    if (state.truthOf(root) === true) return () => this.#settle(state, shares);
    const test = state.openTest(root);
    if (test === null) return this.#sample(state, shares);
    if (--this.#branchesLeft < 0) {
      this.#hasGap = true;
      return null;
    }
    const domain = state.domains[test.variable]!;
    for (const part of [domain & test.mask, domain & ~test.mask]) {
      const branch = state.copy();
      branch.domains[test.variable] = part;
      const found = this.#explore(branch);
      if (found !== null) return found;
    }
    return null;
  }

  /** Frees what the formula's truth does not hang on. */
  #loosened(state: State): State {
    const { root, variables } = this.#circuit;
    const loose = state.copy();
    for (const [i, variable] of variables.entries()) {
      const domain = loose.domains[i]!;
      const isEnough = (part: bigint): boolean => {
        loose.domains[i] = part;
        return loose.truthOf(root) === true;
      };
      if (!isEnough(wholeDomain(variable)) && !singles(variable).some(isEnough)) isEnough(domain);
    }
    return loose;
  }

  #settle(state: State, shares: Assignment): Assignment {
    const { variables } = this.#circuit;
    const { domains } = this.#loosened(state);
    const few = sharesIn(variables, domains) ?? shares;
    const example = assignmentOf(variables, domains, few, null);
    if (truthOf(this.#formula, example) === true) return example;
    return assignmentOf(variables, state.domains, shares, 1);
  }

  /** Every test is settled, and a weighing of numbers is not: tries the middle and the ends of what is left. */
  #sample(state: State, shares: Assignment): (() => Assignment) | null {
    const { variables } = this.#circuit;
    for (const preferred of [1, 0, 2, 3]) {
      const example = assignmentOf(variables, state.domains, shares, preferred);
      if (truthOf(this.#formula, example) === true) return () => example;
    }
    this.#hasGap = true;
    return null;
  }
}

/** The regions of a number from the lowest up: a small number makes a small request. */
const singles = ({ values }: Variable): readonly bigint[] =>
  values.flatMap(({ kind }, i) => (kind === 'region' ? [1n << BigInt(i)] : []));

/** Shares for the claims that are settled, by name of the quantity; null where there are none. */
function sharesIn(variables: readonly Variable[], domains: readonly bigint[]): Assignment | null {
  const literals = new Map<string, { readonly fact: ShareFact; readonly list: ShareLiteral[] }>();
  for (const [i, variable] of variables.entries()) {
    const values = valuesIn(variable, domains[i]!);
    const [value] = values;
    if (value?.kind !== 'literal' || values.length > 1) continue;
    const { fact, isTrue } = value;
    const group = literals.get(fact.of.name) ?? { fact, list: [] };
    literals.set(fact.of.name, group);
    group.list.push({ labels: fact.labels, atLeast: fact.atLeast, isTrue });
  }
  const shares = new Map<string, QuantityValue>();
  for (const [name, { fact, list }] of literals) {
    const found = findShares(list, fact.of.below);
    if (found === null) return null;
    shares.set(name, found);
  }
  return shares;
}

/** A value for each variable: the middle (1), or near the ends (0, 3). Null: the middle, and none for those that are free. */
function assignmentOf(
  variables: readonly Variable[],
  domains: readonly bigint[],
  shares: Assignment,
  preferred: number | null,
): Assignment {
  const end = preferred ?? 1;
  const assignment = new Map<string, QuantityValue>(shares);
  for (const [i, variable] of variables.entries()) {
    const domain = domains[i]!;
    if (preferred === null && domain === wholeDomain(variable)) continue;
    const values = valuesIn(variable, domain);
    const value = values.length > 1 && end < 2 ? inside(values) : at(values, end);
    if (value.kind === 'plain') assignment.set(variable.name, value.value);
    if (value.kind === 'region') assignment.set(variable.name, sampleOf(value, end));
  }
  return assignment;
}

/** A region rather than a point, where there is one. */
const inside = (values: readonly Value[]): Value =>
  values.find((value) => value.kind === 'region' && value.region.low < value.region.high) ??
  values[0]!;

const at = (values: readonly Value[], preferred: number): Value =>
  preferred === 3 ? values.at(-1)! : values[0]!;

/** 0 and 3: near the ends of the region. */
function sampleOf({ region, sample }: Value & { kind: 'region' }, preferred: number): number {
  const { low, high } = region;
  if (Number.isInteger(sample) || !Number.isFinite(high - low)) return sample;
  const inset = (high - low) / 1e6;
  if (preferred === 0) return low + Math.min(inset, sample - low);
  return preferred === 3 ? high - Math.min(inset, high - sample) : sample;
}
