import type { Policy, PolicyProblem, Registry } from '../contract/index.ts';
import { subjectOf } from './analysis/subject.ts';
import type { PolicySubject } from './analysis/subject.ts';
import { assemblePolicy } from './assemble/assemble.ts';
import { secretFiles } from './assemble/named-files.ts';
import type { SecretFile } from './assemble/named-files.ts';
import { checkCacheReach } from './check/cache-reach.ts';
import { checkEngines } from './check/engines.ts';
import { checkExposure } from './check/exposure.ts';
import { checkWords } from './check/words.ts';
import { checkReferences } from './check/references.ts';
import { addWarnings } from './check/warnings.ts';
import { createBudgetSignal } from './compile/budget-signal.ts';
import { ConditionCompiler } from './compile/compiler.ts';
import { readDefinitions } from './compile/definitions.ts';
import { NamedParts } from './compile/named-parts.ts';
import { createPoolSignal } from './compile/pool-signal.ts';
import { compileParts, compileRules, injectionsOf, ruleSetsOf } from './compile/rule-sets.ts';
import { CompiledPolicy } from './compiled-policy.ts';
import { buildConfig } from './config/build-config.ts';
import { Findings } from './document/place.ts';
import { membersOf, textsAt } from './document/raw.ts';
import type { PolicyDocument } from './document/read-document.ts';
import { scrub } from './document/scrub.ts';
import type { Environment } from './document/substitute.ts';
import { SECRET_MIN, SECRET_TOO_SHORT } from './schema/fleet.ts';
import { validate } from './schema/validate.ts';
import { policyTests } from './tests/policy-test.ts';
import type { PolicyTest } from './tests/policy-test.ts';

export interface PolicyInput {
  readonly text: string;
  /** Path of the file: what it names is relative to its folder. */
  readonly file: string;
  readonly env: Environment;
  /** The text of a file that the policy names, by its absolute path; throws where it cannot be read. Absent where there are no files. */
  readonly readFile?: (path: string) => string;
  readonly generation: number;
  readonly registry: Pick<Registry, 'signals' | 'engines'>;
}

export type PolicyLoad =
  | {
      readonly kind: 'policy';
      readonly policy: Policy;
      /** What conflict analysis looks at. */
      readonly subject: PolicySubject;
      /** Read, and run by nobody yet. */
      readonly tests: readonly PolicyTest[];
      readonly warnings: readonly PolicyProblem[];
    }
  | { readonly kind: 'rejected'; readonly problems: readonly PolicyProblem[] };

/** Reads, checks and compiles a policy file. Never throws: everything wrong is a problem, with its place. */
export function loadPolicy(input: PolicyInput): PolicyLoad {
  const secrets = new Map<string, string>();
  try {
    const document = assemblePolicy(input);
    for (const [name, value] of document.environmentValues) secrets.set(`\${${name}}`, value);
    const compiled = compile(document, input, secrets);
    const problems = document.findings.problems.map((problem) => scrub(problem, secrets));
    if (compiled !== null) return { kind: 'policy', ...compiled, warnings: problems };
    return { kind: 'rejected', problems: inOrder(problems) };
  } catch (error) {
    // The error's message may quote the file, and with it a secret.
    const name = error instanceof Error ? error.name : typeof error;
    const findings = new Findings(new Map());
    findings.add([], `the file cannot be read (${name}): look for deep nesting or odd characters`);
    return { kind: 'rejected', problems: findings.problems };
  }
}

interface Compiled {
  readonly policy: Policy;
  readonly subject: PolicySubject;
  readonly tests: readonly PolicyTest[];
}

/** Null when there is any error. */
function compile(
  document: PolicyDocument,
  input: PolicyInput,
  secrets: Map<string, string>,
): Compiled | null {
  const { findings } = document;
  const { engines } = input.registry;
  if (document.value === undefined || document.value === null) {
    if (findings.problems.length === 0) {
      findings.add([], 'the file is empty: begin it with "version: 1"');
    }
    return null;
  }
  const root = membersOf(document.value);
  const pool = createPoolSignal(
    new Map([
      ['model', textsAt(root['models'], 'id')],
      ['engine', engines.map((engine) => engine.kind)],
    ]),
  );
  const signals = [...input.registry.signals, pool, createBudgetSignal(root['budgets'])];
  checkWords(signals, findings);
  const file = validate(document, signals);
  const definitions = readDefinitions(root['signals'], signals, findings);
  const named = new NamedParts(root, findings);
  const compiler = new ConditionCompiler({ signals, definitions, named, findings });
  compiler.compileParts();
  const parts = ruleSetsOf(root).map((set) => compileParts(set, compiler));
  checkReferences(
    root,
    engines.map((engine) => engine.kind),
    findings,
  );
  checkEngines(root, engines, findings);
  checkCacheReach(root, findings);
  const apiKeys = readSecrets(root, 'apiKeyFile', input, findings);
  const bidSecrets = readSecrets(root, 'bidSecretFile', input, findings);
  for (const [index, key] of apiKeys) secrets.set(`(the key of instances[${index}])`, key);
  for (const [index, key] of bidSecrets) secrets.set(`(the secret of instances[${index}])`, key);
  if (file !== null) checkExposure(file, findings);
  const injections =
    file === null ? [] : parts.map((part) => injectionsOf(part, file, compiler, findings));
  if (file === null || findings.problems.length > 0) return null;
  const config = buildConfig(file, { file: input.file, apiKeys, bidSecrets, engines });
  const rules = compileRules(file, parts, injections, config);
  const suspect = { config, ...rules, signals, definitions, compiler };
  addWarnings(suspect, findings);
  const { generation } = input;
  const { slots } = compiler;
  const policy = new CompiledPolicy({ generation, config, slots, ...rules });
  return {
    policy,
    subject: subjectOf({
      policy,
      suspect,
      root,
      findings,
      scrub: (problem) => scrub(problem, secrets),
    }),
    tests: policyTests(file.tests, findings, secrets),
  };
}

/** The secrets of instances that keep theirs in a file, by index. */
function readSecrets(
  root: Readonly<Record<string, unknown>>,
  member: SecretFile,
  input: PolicyInput,
  findings: Findings,
): ReadonlyMap<number, string> {
  const keys = new Map<number, string>();
  for (const [i, path] of secretFiles(root, input.file, member)) {
    const key = readSecret(path, input.readFile);
    if (key === null || key === '') {
      findings.add(
        ['instances', i, member],
        key === '' ? 'names an empty file' : 'names a file that cannot be read: does it exist?',
      );
    } else if (member === 'bidSecretFile' && key.length < SECRET_MIN) {
      findings.add(['instances', i, member], `its content ${SECRET_TOO_SHORT}`);
    } else keys.set(i, key);
  }
  return keys;
}

function readSecret(path: string, read: PolicyInput['readFile']): string | null {
  try {
    return read === undefined ? null : read(path).trim();
  } catch {
    return null;
  }
}

/** Problems in the order of the file, then those of the files that it names; those without a place come first. */
function inOrder(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  const files = [...new Set(problems.map(({ file }) => file ?? ''))].sort();
  const rank = ({ file }: PolicyProblem): number => files.indexOf(file ?? '');
  return problems.toSorted(
    (a, b) =>
      rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}
