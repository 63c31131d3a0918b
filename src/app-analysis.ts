import { createSystemClock } from './kernel/index.ts';
import type { DecisionId, MaybeAsync } from './kernel/index.ts';
import type { FormulaSolver, PolicyAnalysis, Registry, Understanding } from './contract/index.ts';
import { assumingFleet, assumingSlots, idleWorld } from './app-assume.ts';
import { ingressOf } from './app-ingress.ts';
import { shippedUnderstanding } from './app-understanding.ts';
import { findOptionalPackage, openZ3Solver } from './pool/index.ts';
import type { OpenSolver } from './pool/index.ts';
import { analysePolicy, createSearchSolver } from './policy/analysis/index.ts';
import type { AnalysisPorts, PolicyLoad } from './policy/index.ts';
import { openSignals } from './signals/index.ts';
import { readWorkload } from './workload/index.ts';

type SoundPolicy = PolicyLoad & { readonly kind: 'policy' };

export interface AnalysisOptions {
  readonly solver?: FormulaSolver;
  /** Called between two questions. */
  readonly pause?: () => MaybeAsync<void>;
}

/** Looks for conflicts in a policy; what its findings show was decided by the policy itself. */
export async function analyse(
  { subject }: SoundPolicy,
  registry: Registry,
  { solver = createSearchSolver(), pause = () => {} }: AnalysisOptions = {},
): Promise<PolicyAnalysis> {
  const hasOwnEncoder = subject.config.understanding.encoder !== null;
  return analysePolicy(subject, {
    solver,
    pause,
    open: openerOf(subject.policy, registry),
    embed: hasOwnEncoder ? null : embedAll,
  });
}

/** Reads requests as `explain` does: nothing but the policy and what is assumed decides. */
function openerOf(
  policy: SoundPolicy['policy'],
  registry: Registry,
): NonNullable<AnalysisPorts['open']> {
  const clock = createSystemClock();
  const { fleet } = idleWorld(policy);
  const kinds = [...registry.signals.map(({ kind }) => kind), 'pool'];
  return (request) => {
    const { slots } = assumingSlots(policy.slots, request.assume, kinds);
    const id = 'analysis' as DecisionId;
    const workload = readWorkload({ ...ingressOf(request, clock), id });
    return {
      workload,
      signals: openSignals(slots, workload, clock),
      fleet: assumingFleet(fleet, request.fleet),
    };
  };
}

let shipped: Understanding | null = null;

function embedAll(texts: readonly string[]): readonly Float32Array[] {
  shipped ??= shippedUnderstanding('off');
  const { encoder } = shipped.fast();
  return texts.map((text) => encoder.embedOne(text));
}

/** The package that decides what the built-in solver leaves open. */
const PROVER = 'z3-solver';

/**
 * The built-in solver, and behind it z3 for what it leaves undecided: opened when first needed, and only
 * where it is installed.
 */
export function openSolver(): FormulaSolver & { close(): Promise<void> } {
  const builtIn = createSearchSolver();
  if (findOptionalPackage(PROVER) === null) return { ...builtIn, close: async () => {} };
  let prover: Promise<OpenSolver> | null = null;
  return {
    name: `${builtIn.name}, z3`,
    async solve(formula) {
      const verdict = await builtIn.solve(formula);
      if (verdict.kind !== 'undecided') return verdict;
      prover ??= openZ3Solver();
      return (await prover).solve(formula);
    },
    close: async () => (await prover)?.close(),
  };
}
