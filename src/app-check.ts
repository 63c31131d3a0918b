import type { PolicyAnalysis, PolicyProblem, PolicyTestResult } from './contract/index.ts';
import { Fault } from './kernel/index.ts';
import { analyse, openSolver } from './app-analysis.ts';
import { offlineOf } from './app-offline.ts';
import type { Offline, OfflineOptions } from './app-offline.ts';
import { createPolicyLoader, registryFor, sourceOf } from './app-policy.ts';
import { judge } from './policy/index.ts';
import type { PolicyTest } from './policy/index.ts';

export interface PolicyCheck {
  /** Errors, or the warnings of a policy without one. */
  readonly problems: readonly PolicyProblem[];
  /** In the order of the file; empty where the policy is not sound. */
  readonly tests: readonly PolicyTestResult[];
  /** What conflict analysis finds; null where the policy is not sound. */
  readonly analysis: PolicyAnalysis | null;
}

/** Checks a policy file and runs its tests. Rejects with `BRS_CONFIG` where it cannot be read. */
export async function checkConfig(options: OfflineOptions): Promise<PolicyCheck> {
  const source = await sourceOf(options);
  const registry = await registryFor(source, options.env);
  const load = createPolicyLoader(registry, options.env, {})(source, 0);
  if (load.kind === 'rejected') return { problems: load.problems, tests: [], analysis: null };
  const { policy, warnings, tests } = load;
  const results: PolicyTestResult[] = [];
  if (tests.length > 0) {
    const offline = offlineOf(policy, registry);
    for (const test of tests) results.push(await runTest(test, offline));
  }
  const solver = openSolver();
  try {
    const analysis = await analyse(load, registry, { solver });
    return { problems: warnings, tests: results, analysis };
  } finally {
    await solver.close();
  }
}

async function runTest(test: PolicyTest, offline: Offline): Promise<PolicyTestResult> {
  const { name, request, expect } = test;
  try {
    const view = await offline.decide(request);
    const failures = judge(expect, view).map(({ path, message }) => test.problem(path, message));
    return { name, decision: view, failures };
  } catch (error) {
    if (!Fault.isInstance(error)) throw error;
    return { name, decision: null, failures: [test.problem(placeOf(error), error.message)] };
  }
}

/** What is wrong with the request stands there; what is wrong with a body, in the body. */
function placeOf({ code, param }: Fault): readonly string[] {
  if (code !== 'BRS_OFFLINE_INPUT' || param === null) return ['request'];
  const [section = '', ...name] = param.split('.');
  return ['request', section, ...(name.length === 0 ? [] : [name.join('.')])];
}
