import { createSystemRng } from './kernel/index.ts';
import type { Clock } from './kernel/index.ts';
import type { BourseEvent, CacheConfig, Registry } from './contract/index.ts';
import { openCacheStore } from './app-cache-store.ts';
import { localModelsIn, sourceOf } from './app-policy.ts';
import type { Environment, PolicyLoader, PolicySource } from './app-policy.ts';
import { createKeeper } from './keeper/owner/index.ts';
import type { Keeper } from './keeper/owner/index.ts';
import { beliefsFromJson, beliefsToJson } from './learning/index.ts';
import { checkGgufInstance, createKeepTeller, createProber } from './pool/index.ts';
import { openSqliteStore } from './store/index.ts';

export interface KeeperParts {
  readonly source: PolicySource;
  readonly env: Environment;
  readonly registry: Registry;
  readonly load: PolicyLoader;
  readonly storePath: string | null;
  readonly cache: CacheConfig | undefined;
  readonly clock: Clock;
  readonly onEvent: (event: BourseEvent) => void;
}

export interface OpenKeeper extends Omit<Keeper, 'start'> {
  /** The files of the policy that was read last, good or not. */
  files(): readonly string[];
}

/** The keeper over its store and its prober, started; closing it closes both. */
export async function openKeeper(parts: KeeperParts): Promise<OpenKeeper> {
  const { source, env, registry, load, storePath, cache, clock, onEvent } = parts;
  let latest = source;
  const prober = createProber({ engines: registry.engines, clock });
  const localModels = localModelsIn(env);
  const teller = localModels === undefined ? null : createKeepTeller(localModels, clock);
  const keeper = createKeeper({
    store: await openSqliteStore({ path: storePath }),
    cacheStore: await openCacheStore(cache, clock),
    clock,
    rng: createSystemRng(),
    learners: registry.learners,
    prober,
    servers: {
      engines: registry.engines,
      check: checkGgufInstance,
      onFleet: (instances) => teller?.onFleet(instances),
    },
    loadPolicy: load,
    policy: source,
    readPolicy: async () => {
      const { file, text } = source;
      latest = await sourceOf(
        file === null ? { configText: text, env } : { configFile: file, env },
      );
      return latest;
    },
    beliefs: { toJson: beliefsToJson, fromJson: beliefsFromJson },
    onEvent,
  });
  await keeper.start();
  return {
    admin: keeper.admin,
    attach: (worker, channel) => keeper.attach(worker, channel),
    world: () => keeper.world(),
    reload: () => keeper.reload(),
    files: () => [...(latest.file === null ? [] : [latest.file]), ...Object.keys(latest.files)],
    close: async () => {
      await teller?.close();
      await keeper.close();
      await prober.close();
    },
  };
}
