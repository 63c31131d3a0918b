import { readFile } from 'node:fs/promises';
import { createSystemRng } from './kernel/index.ts';
import type { Clock } from './kernel/index.ts';
import type { BourseEvent, Registry } from './contract/index.ts';
import type { PolicyLoader, PolicySource } from './app-policy.ts';
import { createKeeper } from './keeper/index.ts';
import type { Keeper } from './keeper/index.ts';
import { beliefsFromJson, beliefsToJson } from './learning/index.ts';
import { createProber } from './pool/index.ts';
import { openSqliteStore } from './store/index.ts';

export interface KeeperParts {
  readonly source: PolicySource;
  readonly registry: Registry;
  readonly load: PolicyLoader;
  readonly storePath: string | null;
  readonly clock: Clock;
  readonly onEvent: (event: BourseEvent) => void;
}

/** The keeper over its store and its prober, started; closing it closes both. */
export async function openKeeper(parts: KeeperParts): Promise<Omit<Keeper, 'start'>> {
  const { source, registry, load, storePath, clock, onEvent } = parts;
  const prober = createProber({ engines: registry.engines, clock });
  const keeper = createKeeper({
    store: await openSqliteStore({ path: storePath }),
    clock,
    rng: createSystemRng(),
    learners: registry.learners,
    prober,
    loadPolicy: load,
    policy: source,
    readPolicy: async () => (source.file === null ? source.text : readFile(source.file, 'utf8')),
    beliefs: { toJson: beliefsToJson, fromJson: beliefsFromJson },
    onEvent,
  });
  await keeper.start();
  return {
    admin: keeper.admin,
    attach: (worker, channel) => keeper.attach(worker, channel),
    world: () => keeper.world(),
    reload: () => keeper.reload(),
    close: async () => {
      await keeper.close();
      await prober.close();
    },
  };
}
