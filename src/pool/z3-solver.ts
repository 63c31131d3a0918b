import type { FormulaSolver, SolverAnswer } from '../contract/index.ts';
import { importPackage, requireOptionalPackage } from './models/optional-package.ts';
import { smtProblem } from './smt-lib.ts';
import type { SmtProblem } from './smt-lib.ts';

const PACKAGE = 'z3-solver';
const FEATURE = 'the solver z3';
const PROVER_NAME = 'z3';
/** Steps of the solver after which a question is not decided: about two seconds. */
const STEPS_MAX = 20_000_000;

/** What is used of the package. */
interface Z3Package {
  init(): Promise<{
    readonly Z3: Z3;
    readonly em: { readonly PThread?: { terminateAllThreads(): void } };
  }>;
}

/** All but the check are synchronous: a text that is passed to what is not can change under its hands. */
interface Z3 {
  mk_config(): unknown;
  mk_context(config: unknown): unknown;
  mk_params(context: unknown): unknown;
  params_inc_ref(context: unknown, params: unknown): void;
  params_set_uint(context: unknown, params: unknown, symbol: unknown, value: number): void;
  mk_string_symbol(context: unknown, text: string): unknown;
  mk_solver(context: unknown): unknown;
  solver_inc_ref(context: unknown, solver: unknown): void;
  solver_dec_ref(context: unknown, solver: unknown): void;
  solver_set_params(context: unknown, solver: unknown, params: unknown): void;
  solver_from_string(context: unknown, solver: unknown, text: string): void;
  /** 1: satisfiable, -1: not, 0: unknown. */
  solver_check(context: unknown, solver: unknown): Promise<number>;
  solver_get_model(context: unknown, solver: unknown): unknown;
  model_to_string(context: unknown, model: unknown): string;
}

export interface OpenSolver extends FormulaSolver {
  /** Ends its threads, without which the process would not end. */
  close(): void;
}

/** Opens the solver, in about a second. Rejects with `BRS_DEPENDENCY_MISSING` where it is not installed. */
export async function openZ3Solver(): Promise<OpenSolver> {
  const url = requireOptionalPackage(FEATURE, PACKAGE);
  const { Z3, em } = await (await importPackage<Z3Package>(url, 'init')).init();
  const context = Z3.mk_context(Z3.mk_config());
  const params = Z3.mk_params(context);
  Z3.params_inc_ref(context, params);
  Z3.params_set_uint(context, params, Z3.mk_string_symbol(context, 'rlimit'), STEPS_MAX);
  const ask = async ({ text, read }: SmtProblem): Promise<SolverAnswer> => {
    const solver = Z3.mk_solver(context);
    Z3.solver_inc_ref(context, solver);
    try {
      Z3.solver_set_params(context, solver, params);
      Z3.solver_from_string(context, solver, text);
      const found = await Z3.solver_check(context, solver);
      if (found === 0) return { kind: 'undecided' };
      if (found < 0) return { kind: 'unsatisfiable' };
      const model = Z3.model_to_string(context, Z3.solver_get_model(context, solver));
      return { kind: 'satisfiable', example: read(valuesIn(model)) };
    } finally {
      Z3.solver_dec_ref(context, solver);
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    name: PROVER_NAME,
    async solve(formula) {
      const problem = smtProblem(formula);
      if (problem === null) return { kind: 'undecided' };
      // The package answers one question at a time.
      const answer = last.then(async () => ask(problem));
      last = answer.catch(() => undefined);
      return answer;
    },
    close: () => em.PThread?.terminateAllThreads(),
  };
}

/** Reads `q0 -> 5`, `q1 -> (/ 1.0 3.0)`, `q2 -> true`: a constant per line. */
export function valuesIn(model: string): ReadonlyMap<string, number | boolean> {
  const values = new Map<string, number | boolean>();
  for (const line of model.split('\n')) {
    const [symbol, value] = line.split(' -> ');
    if (symbol === undefined || value === undefined) continue;
    const text = value.trim();
    const isTruth = text === 'true' || text === 'false';
    values.set(symbol.trim(), isTruth ? text === 'true' : numberIn(text));
  }
  return values;
}

function numberIn(text: string): number {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const read = (): number => {
    const token = tokens[at++];
    if (token !== '(') return Number(token);
    const operator = tokens[at++];
    const operands: number[] = [];
    while (at < tokens.length && tokens[at] !== ')') operands.push(read());
    at++;
    const [first = 0, second = 1] = operands;
    return operator === '-' ? -first : first / second;
  };
  return read();
}
