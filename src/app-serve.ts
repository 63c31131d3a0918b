import { createSystemClock } from './kernel/index.ts';
import type { Config, PolicyAnalysis, PolicyStatus } from './contract/index.ts';
import type { KeeperHostOptions } from './app-keeper.ts';
import { openKeeperThread } from './app-keeper-thread.ts';
import { createWarningLog } from './app-log.ts';
import { createPolicyLoader, registryFor, requirePolicy, sourceOf } from './app-policy.ts';
import { withLocalModels } from './app-policy.ts';
import type { Environment, PolicyLoader, ServeOverrides } from './app-policy.ts';
import { openServedWorker } from './app-served-worker.ts';
import type { Registry } from './contract/index.ts';
import { discover, discoveredPolicyYaml, openGgufHost } from './pool/index.ts';

export * from './app-commands.ts';

export interface ServeOptions {
  /** One of the two: a file, which is watched, or a text. */
  readonly configFile?: string;
  readonly configText?: string;
  readonly env: Environment;
  readonly overrides: ServeOverrides;
}

/** A server that is up. */
export interface RunningApp {
  readonly modelUrl: string;
  readonly adminUrl: string;
  config(): Config;
  reload(): Promise<PolicyStatus>;
  /** What conflict analysis says of the running policy. */
  findings(): Promise<PolicyAnalysis>;
  close(): Promise<void>;
}

/**
 * Starts the exchange: one worker beside a keeper's thread, or N forked workers below a keeper. Rejects
 * with `BRS_CONFIG`, `BRS_PLUGIN`, `BRS_LISTEN`, `BRS_UNPROTECTED` or `BRS_STORE`.
 */
export async function startServe(options: ServeOptions): Promise<RunningApp> {
  const localModels = await openGgufHost(createSystemClock());
  try {
    const app = await serveWith({ ...options, env: withLocalModels(options.env, localModels) });
    const close = async (): Promise<void> => {
      await app.close();
      await localModels.close();
    };
    return { ...app, close };
  } catch (error) {
    await localModels.close();
    throw error;
  }
}

async function serveWith({ env, overrides, ...given }: ServeOptions): Promise<RunningApp> {
  const source = await sourceOf({ env, ...given });
  const registry = await registryFor(source, env);
  const load = createPolicyLoader(registry, env, overrides);
  const { config } = requirePolicy(load(source, 0), source.file).policy;
  const host: KeeperHostOptions = { source, env: definedOnly(env), overrides };
  return config.server.workers === 1
    ? serveInThisProcess(host, registry, load)
    : serveInWorkers(host, config);
}

async function serveInThisProcess(
  options: KeeperHostOptions,
  registry: Registry,
  load: PolicyLoader,
): Promise<RunningApp> {
  const keeper = await openKeeperThread(options);
  try {
    const served = await openServedWorker({
      channel: keeper.channel,
      worker: 0,
      registry,
      load,
      log: createWarningLog(),
    });
    const modelUrl = await served.listen();
    return {
      modelUrl,
      adminUrl: keeper.adminUrl,
      config: served.host.config,
      reload: keeper.reload,
      findings: keeper.findings,
      close: async () => {
        await served.close();
        await keeper.close();
      },
    };
  } catch (error) {
    await keeper.close();
    throw error;
  }
}

async function serveInWorkers(options: KeeperHostOptions, config: Config): Promise<RunningApp> {
  // A single worker pays neither for the keeper's modules nor for the cluster's.
  const [{ openKeeperHost }, { openWorkerPool }] = await Promise.all([
    import('./app-keeper.ts'),
    import('./app-cluster.ts'),
  ]);
  const keeper = await openKeeperHost(options);
  try {
    const pool = await openWorkerPool(config, options, keeper);
    return {
      modelUrl: pool.modelUrl,
      adminUrl: keeper.adminUrl,
      config: () => config,
      reload: () => keeper.reload(),
      findings: () => keeper.findings(),
      close: async () => {
        await pool.close();
        await keeper.close();
      },
    };
  } catch (error) {
    await keeper.close();
    throw error;
  }
}

/** Environments cross threads and processes as plain data. */
function definedOnly(env: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** A policy made of what is found on this machine, and what that was. */
export async function discoverConfig(
  env: Environment = process.env,
): Promise<{ readonly text: string; readonly findings: readonly string[] }> {
  const findings = await discover({ env, ownPorts: [8080, 8081] });
  return {
    text: discoveredPolicyYaml(findings),
    findings: findings.map(
      ({ name, engine, url, models }) => `${name}: ${engine} at ${url}, ${models.length} models`,
    ),
  };
}
