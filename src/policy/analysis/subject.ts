import type {
  Config,
  OfflineRequest,
  Policy,
  PolicyFinding,
  PolicyPlace,
  PolicyProblem,
  SignalSlot,
} from '../../contract/index.ts';
import type { Suspect } from '../check/warnings.ts';
import type { Condition } from '../compile/condition.ts';
import type { CompiledConstraint, CompiledRoute } from '../compile/rules.ts';
import type { Findings, Path } from '../document/place.ts';
import { membersOf } from '../document/raw.ts';
import type { Members } from '../compile/named-parts.ts';

/** Rules that decide together: those of the policy, or of one of its recipes. */
export interface Rulebook {
  readonly recipe: string | null;
  readonly constraints: readonly CompiledConstraint[];
  /** In the order in which they are tried. */
  readonly routes: readonly CompiledRoute[];
}

/** A sound policy with what its analysis needs of how it was made. */
export interface PolicySubject {
  readonly policy: Policy;
  readonly config: Config;
  readonly slots: readonly SignalSlot[];
  readonly suspect: Suspect;
  readonly rulebooks: readonly Rulebook[];
  /** The document as it was read. */
  readonly root: Members;
  readonly findings: Findings;
  /** Takes out of a problem what the environment and secret files gave. */
  readonly scrub: (problem: PolicyProblem) => PolicyProblem;
}

export function subjectOf(
  parts: Pick<PolicySubject, 'policy' | 'suspect' | 'root' | 'findings' | 'scrub'>,
): PolicySubject {
  const { policy, suspect } = parts;
  const { constraints, routes, recipes } = suspect;
  return {
    ...parts,
    config: policy.config,
    slots: suspect.compiler.slots,
    rulebooks: [
      { recipe: null, constraints, routes },
      ...recipes.map((recipe) => ({ ...recipe, recipe: recipe.name })),
    ],
  };
}

/** A value of the document by its path. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof key === 'number'
        ? Array.isArray(value)
          ? (value as unknown[])[key]
          : undefined
        : membersOf(value)[key],
    root,
  );
}

/** A value of the document as a text that does not depend on the order of its keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** What a finding says, and of which values of the document. */
export interface Draft extends Pick<PolicyFinding, 'code' | 'severity' | 'message'> {
  readonly path: Path;
  readonly related: readonly { readonly path: Path; readonly message: string }[];
  readonly witness: PolicyFinding['witness'];
}

/** A finding with its places, without what must not be shown. */
export function findingOf(subject: PolicySubject, draft: Draft): PolicyFinding {
  const { code, severity, path, message, related, witness } = draft;
  const own = subject.scrub(subject.findings.problemAt(path, message));
  return {
    code,
    severity,
    message: own.message,
    ...placeOf(own),
    related: related.map((each) => {
      const problem = subject.scrub(subject.findings.problemAt(each.path, each.message));
      return { message: problem.message, ...placeOf(problem) };
    }),
    witness: witness !== null && isClean(subject, witness.request) ? witness : null,
  };
}

function placeOf({ file, path, line, column }: PolicyProblem): PolicyPlace {
  return { ...(file !== undefined && { file }), path, line, column };
}

/** A request that repeats what the environment gave, such as a secret word, is not shown. */
function isClean(subject: PolicySubject, request: OfflineRequest): boolean {
  const message = JSON.stringify(request);
  return subject.scrub(subject.findings.problemAt([], message)).message === message;
}

/** Where a condition was written. */
export function pathOf({ suspect }: PolicySubject, condition: Condition, otherwise: Path): Path {
  return suspect.compiler.places.get(condition) ?? otherwise;
}
