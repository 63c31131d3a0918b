import { stat } from 'node:fs/promises';
import { createSystemClock } from './kernel/index.ts';
import type { PolicyStatus } from './contract/index.ts';
import { openKeeper } from './app-keeper-core.ts';
import { createLog, logEvent } from './app-log.ts';
import { explainIn } from './app-explain.ts';
import { createPolicyLoader, registryFor, requirePolicy } from './app-policy.ts';
import type { Environment, PolicySource, ServeOverrides } from './app-policy.ts';
import type { Channel } from './keeper/index.ts';
import { authority, createAdminServer } from './server/index.ts';

/** How often the policy file is looked at: its editors replace it in too many ways to be told. */
const WATCH_MS = 1_000;

export interface KeeperHostOptions {
  readonly source: PolicySource;
  readonly env: Environment;
  readonly overrides: ServeOverrides;
}

/** The keeper with its store, its prober and its admin API, wherever it runs. */
export interface KeeperHost {
  readonly adminUrl: string;
  attach(worker: number, channel: Channel): void;
  reload(): Promise<PolicyStatus>;
  close(): Promise<void>;
}

export async function openKeeperHost(options: KeeperHostOptions): Promise<KeeperHost> {
  const { source, env, overrides } = options;
  const clock = createSystemClock();
  const registry = await registryFor(source, env, false);
  const load = createPolicyLoader(registry, env, overrides);
  const { config } = requirePolicy(load(source, 1), source.file).policy;
  const log = createLog(config.logLevel);
  const keeper = await openKeeper({
    source,
    registry,
    load,
    storePath: config.storePath,
    clock,
    onEvent: (event) => logEvent(log, event),
  });
  const admin = createAdminServer({
    backend: keeper.admin,
    config: () => keeper.world().policy.config,
    log,
    explain: (input) => explainIn(keeper.world(), registry, input),
  });
  const address = await admin.listen();
  const unwatch = source.file === null ? () => {} : watch(source.file, () => keeper.reload());
  return {
    adminUrl: `http://${authority(address)}`,
    attach: (worker, channel) => keeper.attach(worker, channel),
    reload: () => keeper.reload(),
    close: async () => {
      unwatch();
      await admin.close();
      await keeper.close();
    },
  };
}

/** Calls `onChange` when the file's time or size changes. A file that is gone is awaited. */
function watch(file: string, onChange: () => Promise<unknown>): () => void {
  let seen: string | null = null;
  const look = async (): Promise<void> => {
    const found = await stat(file).catch(() => null);
    if (found === null) return;
    const mark = `${found.mtimeMs}|${found.size}|${found.ino}`;
    const isChanged = seen !== null && seen !== mark;
    seen = mark;
    if (isChanged) await onChange().catch(() => {});
  };
  void look();
  const timer = setInterval(() => void look(), WATCH_MS);
  timer.unref();
  return () => clearInterval(timer);
}
