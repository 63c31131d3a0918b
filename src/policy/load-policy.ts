import { dirname, resolve } from 'node:path';
import type { Policy, PolicyProblem, Registry } from '../contract/index.ts';
import { checkExposure } from './check/exposure.ts';
import { checkWords } from './check/words.ts';
import { checkReferences } from './check/references.ts';
import { addWarnings } from './check/warnings.ts';
import { ConditionCompiler } from './compile/compiler.ts';
import type { Condition } from './compile/condition.ts';
import { readDefinitions } from './compile/definitions.ts';
import { NamedParts } from './compile/named-parts.ts';
import { createPoolSignal } from './compile/pool-signal.ts';
import { compileConstraints, compileRoutes } from './compile/rules.ts';
import { CompiledPolicy } from './compiled-policy.ts';
import { buildConfig } from './config/build-config.ts';
import { Findings } from './document/place.ts';
import { entriesOf, membersOf, textsAt } from './document/raw.ts';
import { readDocument } from './document/read-document.ts';
import type { PolicyDocument } from './document/read-document.ts';
import { scrub } from './document/scrub.ts';
import type { Environment } from './document/substitute.ts';
import { compileInjections } from './injection/compile.ts';
import { validate } from './schema/validate.ts';

export interface PolicyInput {
  readonly text: string;
  /** Path of the file: what it names is relative to its folder. */
  readonly file: string;
  readonly env: Environment;
  /** Reads the file of a secret; throws where it cannot. Absent where there are no files. */
  readonly readSecret?: (path: string) => string;
  readonly generation: number;
  readonly registry: Pick<Registry, 'signals' | 'engines'>;
}

export type PolicyLoad =
  | {
      readonly kind: 'policy';
      readonly policy: Policy;
      readonly warnings: readonly PolicyProblem[];
    }
  | { readonly kind: 'rejected'; readonly problems: readonly PolicyProblem[] };

/** Reads, checks and compiles a policy file. Never throws: everything wrong is a problem, with its place. */
export function loadPolicy(input: PolicyInput): PolicyLoad {
  const secrets = new Map<string, string>();
  try {
    const document = readDocument(input.text, input.env);
    for (const [name, value] of document.environmentValues) secrets.set(`\${${name}}`, value);
    const policy = compile(document, input, secrets);
    const problems = document.findings.problems.map((problem) => scrub(problem, secrets));
    if (policy !== null) return { kind: 'policy', policy, warnings: problems };
    return { kind: 'rejected', problems: inOrder(problems) };
  } catch (error) {
    // The error's message may quote the file, and with it a secret.
    const name = error instanceof Error ? error.name : typeof error;
    const findings = new Findings(new Map());
    findings.add([], `the file cannot be read (${name}): look for deep nesting or odd characters`);
    return { kind: 'rejected', problems: findings.problems };
  }
}

/** Null when there is any error. */
function compile(
  document: PolicyDocument,
  input: PolicyInput,
  secrets: Map<string, string>,
): Policy | null {
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
  const signals = [...input.registry.signals, pool];
  checkWords(signals, findings);
  const file = validate(document, signals);
  const definitions = readDefinitions(root['signals'], signals, findings);
  const named = new NamedParts(root, findings);
  const compiler = new ConditionCompiler({ signals, definitions, named, findings });
  compiler.compileParts();
  const constraintConditions = compileConditions(root, 'constraints', compiler);
  const routeConditions = compileConditions(root, 'routes', compiler);
  checkReferences(
    root,
    engines.map((engine) => engine.kind),
    findings,
  );
  const apiKeys = readApiKeys(root, input, findings);
  for (const [index, key] of apiKeys) secrets.set(`(the key of instances[${index}])`, key);
  if (file !== null) checkExposure(file, findings);
  const injections = file === null ? [] : compileInjections(file.routes, compiler, findings);
  if (file === null || findings.problems.length > 0) return null;
  const config = buildConfig(file, { file: input.file, apiKeys });
  const constraints = compileConstraints(file.constraints, constraintConditions);
  const routes = compileRoutes(file.routes, { conditions: routeConditions, injections }, config);
  addWarnings({ config, constraints, routes, signals, definitions, compiler }, findings);
  const { generation } = input;
  return new CompiledPolicy({ generation, config, slots: compiler.slots, constraints, routes });
}

/** The `when` of each entry of a section; null where there is none, or a wrong one. */
function compileConditions(
  root: Readonly<Record<string, unknown>>,
  section: 'constraints' | 'routes',
  compiler: ConditionCompiler,
): readonly (Condition | null)[] {
  return entriesOf(root[section]).map(([i, entry]) =>
    entry['when'] === undefined ? null : compiler.compile(entry['when'], [section, i, 'when']),
  );
}

/** The keys of instances that keep theirs in a file, by index. */
function readApiKeys(
  root: Readonly<Record<string, unknown>>,
  input: PolicyInput,
  findings: Findings,
): ReadonlyMap<number, string> {
  const keys = new Map<number, string>();
  for (const [i, instance] of entriesOf(root['instances'])) {
    const path = instance['apiKeyFile'];
    if (typeof path !== 'string') continue;
    const key = readSecret(resolve(dirname(input.file), path), input.readSecret);
    if (key === null || key === '') {
      findings.add(
        ['instances', i, 'apiKeyFile'],
        key === '' ? 'names an empty file' : 'names a file that cannot be read: does it exist?',
      );
    } else keys.set(i, key);
  }
  return keys;
}

function readSecret(path: string, read: PolicyInput['readSecret']): string | null {
  try {
    return read === undefined ? null : read(path).trim();
  } catch {
    return null;
  }
}

/** Problems in the order of the file; those without a place come first. */
function inOrder(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  return problems.toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}
