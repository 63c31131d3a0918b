import { stat } from 'node:fs/promises';
import { createSystemClock } from './kernel/index.ts';
import type { PolicyAnalysis, PolicyStatus } from './contract/index.ts';
import { createFindingsDesk } from './app-findings.ts';
import { openKeeper } from './app-keeper-core.ts';
import { createLog, logEvent } from './app-log.ts';
import type { OfflineDecider } from './app-offline.ts';
import { createPolicyLoader, registryFor, requirePolicy } from './app-policy.ts';
import type { Environment, PolicySource, ServeOverrides } from './app-policy.ts';
import type { Channel } from './keeper/index.ts';
import { createAdminServer } from './server/admin/index.ts';
import { authority } from './server/index.ts';

/** How often the policy's files are looked at: its editors replace it in too many ways to be told. */
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
  /** What conflict analysis says of the running policy. */
  findings(): Promise<PolicyAnalysis>;
  close(): Promise<void>;
}

export async function openKeeperHost(options: KeeperHostOptions): Promise<KeeperHost> {
  const { source, env, overrides } = options;
  const clock = createSystemClock();
  const registry = await registryFor(source, env, false);
  const { load, findings } = createFindingsDesk(
    registry,
    createPolicyLoader(registry, env, overrides),
  );
  const { config } = requirePolicy(load(source, 1), source.file).policy;
  const log = createLog(config.logLevel);
  const keeper = await openKeeper({
    source,
    env,
    registry,
    load,
    storePath: config.storePath,
    cache: config.cache,
    clock,
    onEvent: (event) => logEvent(log, event),
  });
  let decider: OfflineDecider | null = null;
  const admin = createAdminServer({
    backend: keeper.admin,
    config: () => keeper.world().policy.config,
    log,
    findings,
    // The exchange is the workers' own: it is loaded here when somebody asks what it would do.
    explain: async (input) => {
      const { createOfflineDecider, offlineRequest } = await import('./app-offline.ts');
      decider ??= createOfflineDecider(registry);
      return decider.decideIn(keeper.world(), offlineRequest(input));
    },
  });
  const address = await admin.listen();
  const unwatch =
    source.file === null
      ? () => {}
      : watch(
          () => keeper.files(),
          () => keeper.reload(),
        );
  return {
    adminUrl: `http://${authority(address)}`,
    attach: (worker, channel) => keeper.attach(worker, channel),
    reload: () => keeper.reload(),
    findings,
    close: async () => {
      unwatch();
      await admin.close();
      await keeper.close();
    },
  };
}

/** Calls `onChange` when the time or the size of a file changes, or a missing one comes. One that is gone is awaited. */
function watch(files: () => readonly string[], onChange: () => Promise<unknown>): () => void {
  let seen = new Map<string, string>();
  const look = async (): Promise<void> => {
    const marks = await Promise.all(
      files().map(async (file) => [file, await markOf(file)] as const),
    );
    const isChanged = marks.some(
      ([file, mark]) => mark !== MISSING && seen.has(file) && seen.get(file) !== mark,
    );
    // A file is compared with what it was last, however long it was gone.
    seen = new Map(
      marks.map(([file, mark]) => [file, mark === MISSING ? (seen.get(file) ?? mark) : mark]),
    );
    if (isChanged) await onChange().catch(() => {});
  };
  void look();
  const timer = setInterval(() => void look(), WATCH_MS);
  timer.unref();
  return () => clearInterval(timer);
}

const MISSING = 'missing';

async function markOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => null);
  return found === null ? MISSING : `${found.mtimeMs}|${found.size}|${found.ino}`;
}
