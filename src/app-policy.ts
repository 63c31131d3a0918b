import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fault } from './kernel/index.ts';
import type { Config, PolicyProblem, Registry } from './contract/index.ts';
import { builtIns, importPlugins, withPlugins } from './app-registry.ts';
import { openTrainedRouter } from './app-router.ts';
import { openUnderstanding } from './app-understanding.ts';
import {
  loadPolicy,
  readNamedFiles,
  readPluginPaths,
  readRouter,
  readUnderstanding,
} from './policy/index.ts';
import type { PolicyLoad } from './policy/index.ts';
import type { LocalModelsAt } from './pool/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A policy text and where it came from, with every other file that it needs: read once, by one process,
 * so that all that compile the policy compile the same one.
 */
export interface PolicySource {
  readonly text: string;
  /** What the text names is relative to its folder; null: to the working folder. */
  readonly file: string | null;
  readonly files: PolicyFiles;
}

/** Texts of included files and of secrets by absolute path; null: it cannot be read. */
export type PolicyFiles = Readonly<Record<string, string | null>>;

/** The text that is given, or that of the file, and what it names. Rejects with `BRS_CONFIG` where the file cannot be read. */
export async function sourceOf(options: {
  readonly configFile?: string;
  readonly configText?: string;
  readonly env: Environment;
}): Promise<PolicySource> {
  const { configFile, configText, env } = options;
  if (configText !== undefined) return withFiles({ text: configText, file: null }, env);
  const file = resolve(configFile!);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw fault('BRS_CONFIG', { report: `${file} cannot be read (${reason})` }, { cause: error });
  }
  return withFiles({ text, file }, env);
}

/** Longer than any policy or secret. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;

function withFiles(source: Pick<PolicySource, 'text' | 'file'>, env: Environment): PolicySource {
  const files: Record<string, string | null> = {};
  const readOnce = (path: string): string => {
    if (!Object.hasOwn(files, path)) files[path] = textOfFile(path);
    const text = files[path];
    if (typeof text !== 'string') throw fault('BRS_CONFIG', { report: `${path} cannot be read` });
    return text;
  };
  readNamedFiles({ text: source.text, file: fileOf(source.file), env, readFile: readOnce });
  return { ...source, files };
}

/** Null for what is no file, such as a pipe: reading that again would wait for ever. */
function textOfFile(path: string): string | null {
  try {
    const found = statSync(path);
    return found.isFile() && found.size <= FILE_BYTES_MAX ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
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
    const load = loadPolicy({ ...inputOf(source, env), generation, registry });
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
  const input = inputOf(source, env);
  const understanding = await openUnderstanding(readUnderstanding(input), isServing);
  const router = await openTrainedRouter(readRouter(input), understanding);
  const registry = builtIns(understanding, router, localModelsIn(env));
  return withPlugins(registry, await importPlugins(readPluginPaths(input)));
}

/** How every thread and process hears of the server of local models, which one process holds. */
export const withLocalModels = (env: Environment, { url, token }: LocalModelsAt): Environment => ({
  ...env,
  BOURSE_GGUF_URL: url,
  BOURSE_GGUF_TOKEN: token,
});

export function localModelsIn(env: Environment): LocalModelsAt | undefined {
  const { BOURSE_GGUF_URL: url, BOURSE_GGUF_TOKEN: token } = env;
  return url === undefined || token === undefined ? undefined : { url, token };
}

/** What the policy's functions are given: no file is read any more. */
function inputOf({ text, file, files }: PolicySource, env: Environment) {
  return {
    text,
    file: fileOf(file),
    env,
    readFile: (path: string): string => {
      const known = files[path];
      if (typeof known !== 'string') throw fault('BRS_CONFIG', { report: `${path} is not known` });
      return known;
    },
  };
}

/** Where a policy without a file counts as standing: what it names is relative to there. */
const fileOf = (file: string | null): string => file ?? resolve('bourse.yaml');

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
    .map(({ line, column, path, message, suggestion, file: named }) => {
      const place = line === null ? '' : `:${line}${column === null ? '' : `:${column}`}`;
      const hint = suggestion === null ? '' : ` (${suggestion})`;
      const subject = path === '' ? '' : `${path}: `;
      return `${named ?? file ?? 'policy'}${place}: ${subject}${message}${hint}`;
    })
    .join('\n');
}

type Policy = (PolicyLoad & { kind: 'policy' })['policy'];

function overridden(policy: Policy, overrides: ServeOverrides): Policy {
  const config = overriddenConfig(policy.config, overrides);
  const self: Policy = {
    generation: policy.generation,
    config,
    slots: policy.slots,
    decide: policy.decide.bind(policy),
    explain: policy.explain.bind(policy),
    observe: (...seen): Policy => {
      const next = policy.observe?.(...seen) ?? policy;
      return next === policy ? self : overridden(next, overrides);
    },
  };
  return self;
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
