import cluster from 'node:cluster';
import { failureOf } from './kernel/index.ts';
import type { FromClusterWorker, ToClusterWorker } from './app-cluster.ts';
import type { KeeperHostOptions } from './app-keeper.ts';
import { createLog } from './app-log.ts';
import { createPolicyLoader, registryFor } from './app-policy.ts';
import { openServedWorker } from './app-served-worker.ts';
import { createProcessChannel } from './keeper/index.ts';

type Start = ToClusterWorker & { readonly control: 'start' };

/** The entry of a forked worker: it waits for its number and its policy, serves, and ends when told to. */
function tell(message: FromClusterWorker): void {
  process.send?.(message);
}

/** Serves until the returned function is called; a worker that cannot start tells why and waits for its end. */
async function start({ worker, options }: Start): Promise<() => Promise<void>> {
  try {
    return await serve(worker, options);
  } catch (error) {
    tell({ control: 'failed', failure: failureOf(error) });
    return () => Promise.resolve();
  }
}

async function serve(worker: number, options: KeeperHostOptions): Promise<() => Promise<void>> {
  const registry = await registryFor(options.source, options.env);
  const served = await openServedWorker({
    channel: createProcessChannel(process),
    worker,
    registry,
    load: createPolicyLoader(registry, options.env, options.overrides),
    log: createLog('warn'),
  });
  tell({ control: 'listening', url: served.modelUrl });
  return () => served.close();
}

if (cluster.isWorker) {
  // The primary decides when to end: a signal to the whole group must not cut requests short.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  let close = (): Promise<void> => Promise.resolve();
  process.on('message', (message: ToClusterWorker) => {
    if (message.control === 'start') {
      void start(message).then((closeServed) => (close = closeServed));
    } else if (message.control === 'close') {
      void close().finally(() => process.exit(0));
    }
  });
  process.on('disconnect', () => process.exit(0));
}
