import cluster from 'node:cluster';
import { Fault } from './kernel/index.ts';
import type { FromClusterWorker, ToClusterWorker } from './app-cluster.ts';
import type { KeeperHostOptions } from './app-keeper.ts';
import { createLog } from './app-log.ts';
import { createPolicyLoader, registryFor } from './app-policy.ts';
import { openServedWorker } from './app-served-worker.ts';
import { createProcessChannel } from './keeper/index.ts';
import type { ProcessEnd } from './keeper/index.ts';

/** The entry of a forked worker: it waits for its number and its policy, serves, and ends when told to. */
function tell(message: FromClusterWorker): void {
  process.send?.(message);
}

async function run(worker: number, options: KeeperHostOptions): Promise<() => Promise<void>> {
  const registry = await registryFor(options.source);
  const served = await openServedWorker({
    channel: createProcessChannel(process as ProcessEnd),
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
      run(message.worker, message.options).then(
        (closeServed) => {
          close = closeServed;
        },
        (error: unknown) => {
          tell({
            control: 'failed',
            code: Fault.isInstance(error) ? error.code : null,
            message: error instanceof Error ? error.message : String(error),
          });
        },
      );
    } else if (message.control === 'close') {
      close().finally(() => process.exit(0));
    }
  });
  process.on('disconnect', () => process.exit(0));
}
