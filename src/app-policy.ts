import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { fault } from './kernel/index.ts';
import type { Config, PolicyProblem, Registry } from './contract/index.ts';
import { builtIns, importPlugins, withPlugins } from './app-registry.ts';
import { openUnderstanding } from './app-understanding.ts';
import { loadPolicy, readUnderstanding } from './policy/index.ts';
import type { PolicyLoad } from './policy/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A policy text and where it came from: what the text names is relative to the file's folder. */
export interface PolicySource {
  readonly text: string;
  readonly file: string | null;
}

/** The text that is given, or that of the file. Rejects with `BRS_CONFIG` where it cannot be read. */
export async function sourceOf(options: {
  readonly configFile?: string;
  readonly configText?: string;
}): Promise<PolicySource> {
  const { configFile, configText } = options;
  if (configText !== undefined) return { text: configText, file: null };
  const file = resolve(configFile!);
  try {
    return { text: await readFile(file, 'utf8'), file };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw fault('BRS_CONFIG', { report: `${file} cannot be read (${reason})` }, { cause: error });
  }
}

/** What replaces settings of the policy for one run. */
export interface ServeOverrides {
  readonly workers?: number | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly adminPort?: number | undefined;
  readonly storePath?: string | undefined;
}

export type PolicyLoader = (source: PolicySource, generation: number) => PolicyLoad;

/** Loads policies the same way in every thread and process: registry, environment and overrides are fixed at start. */
export function createPolicyLoader(
  registry: Registry,
  env: Environment,
  overrides: ServeOverrides,
): PolicyLoader {
  return (source, generation) => {
    const load = loadPolicy({
      text: source.text,
      file: fileOf(source.file),
      env,
      readSecret: (path) => readFileSync(path, 'utf8').trim(),
      generation,
      registry,
    });
    if (load.kind === 'rejected') return load;
    return { ...load, policy: overridden(load.policy, overrides) };
  };
}

/**
 * The built-ins, over the models that the text names, and the plugins that it names. `isServing` false:
 * for who compiles policies and reads no signal.
 */
export async function registryFor(
  source: PolicySource,
  env: Environment,
  isServing = true,
): Promise<Registry> {
  const { text, file } = source;
  const config = readUnderstanding({ text, file: fileOf(file), env });
  const understanding = await openUnderstanding(config, isServing);
  return withPlugins(builtIns(understanding), await importPlugins(pluginPaths(source)));
}

/** Where a policy without a file counts as standing: what it names is relative to there. */
const fileOf = (file: string | null): string => file ?? resolve('bourse.yaml');

/** Reads `plugins` alone: the rest of the text cannot be checked before they are imported. */
function pluginPaths({ text, file }: PolicySource): string[] {
  let document: unknown;
  try {
    document = parse(text);
  } catch {
    return [];
  }
  const plugins = (document as { readonly plugins?: unknown } | null)?.plugins;
  if (!Array.isArray(plugins)) return [];
  const folder = file === null ? '.' : resolve(file, '..');
  return plugins.filter((path) => typeof path === 'string').map((path) => resolve(folder, path));
}

/** The policy of a source that must be good for the process to start. */
export function requirePolicy(
  load: PolicyLoad,
  file: string | null,
): PolicyLoad & { kind: 'policy' } {
  if (load.kind === 'policy') return load;
  throw fault('BRS_CONFIG', { report: reportOf(load.problems, file) });
}

/** One line per problem: `bourse.yaml:3:5: message`. */
export function reportOf(problems: readonly PolicyProblem[], file: string | null): string {
  return problems
    .map(({ line, column, path, message, suggestion }) => {
      const place = line === null ? '' : `:${line}${column === null ? '' : `:${column}`}`;
      const hint = suggestion === null ? '' : ` (${suggestion})`;
      const subject = path === '' ? '' : `${path}: `;
      return `${file ?? 'policy'}${place}: ${subject}${message}${hint}`;
    })
    .join('\n');
}

type Policy = (PolicyLoad & { kind: 'policy' })['policy'];

function overridden(policy: Policy, overrides: ServeOverrides): Policy {
  const config = overriddenConfig(policy.config, overrides);
  return {
    generation: policy.generation,
    config,
    slots: policy.slots,
    decide: policy.decide.bind(policy),
    explain: policy.explain.bind(policy),
  };
}

function overriddenConfig(config: Config, overrides: ServeOverrides): Config {
  const { server } = config;
  return {
    ...config,
    storePath: overrides.storePath ?? config.storePath,
    server: {
      ...server,
      host: overrides.host ?? server.host,
      port: overrides.port ?? server.port,
      workers: overrides.workers ?? server.workers,
      admin: { ...server.admin, port: overrides.adminPort ?? server.admin.port },
    },
  };
}
