import type { PolicyProblem } from '../../contract/index.ts';

/** A shorter value is no secret, and would be found inside ordinary words. */
const SECRET_LENGTH_MIN = 6;

/**
 * A problem without what the environment and secret files gave. Messages do not quote values that may
 * be secret, but an operator can put a secret where a name belongs, and names are quoted.
 */
export function scrub(problem: PolicyProblem, secrets: ReadonlyMap<string, string>): PolicyProblem {
  let { message, suggestion } = problem;
  for (const [name, value] of secrets) {
    for (const quoted of [value, value.slice(0, 60)]) {
      if (quoted.length < SECRET_LENGTH_MIN) continue;
      message = message.replaceAll(quoted, name);
      suggestion = suggestion?.replaceAll(quoted, name) ?? null;
    }
  }
  return { ...problem, message, suggestion };
}
