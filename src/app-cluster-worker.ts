import type { Socket } from 'node:net';
import { failureOf } from './kernel/index.ts';
import type { FromClusterWorker, ToClusterWorker } from './app-cluster.ts';
import type { KeeperHostOptions } from './app-keeper.ts';
import { createWarningLog } from './app-log.ts';
import { createPolicyLoader, registryFor } from './app-policy.ts';
import { openServedWorker } from './app-served-worker.ts';
import type { ServedWorker } from './app-served-worker.ts';
import { createProcessChannel } from './keeper/index.ts';
import type { HandedSockets } from './server/index.ts';

/** Marks a process as a worker: this module is read in the primary too. */
export const WORKER_ROLE = 'bourse-worker';

/** How often the primary hears how many connections are left: those that end are not told one by one. */
const TELL_CONNECTIONS_MS = 200;

/** The entry of a forked worker: it waits for its number and its policy, serves, and ends when told to. */
class ClusterWorker {
  #served: ServedWorker | null = null;
  #sockets: HandedSockets | null = null;
  #toldConnections = 0;

  /** A worker that cannot start tells why, and waits for its end. */
  async start(worker: number, options: KeeperHostOptions): Promise<void> {
    try {
      const registry = await registryFor(options.source, options.env);
      this.#served = await openServedWorker({
        channel: createProcessChannel(process),
        worker,
        isOneOfSeveral: true,
        registry,
        load: createPolicyLoader(registry, options.env, options.overrides),
        log: createWarningLog(),
      });
    } catch (error) {
      tell({ control: 'failed', failure: failureOf(error) });
      return;
    }
    this.#sockets = this.#served.openToHanded(() => tell({ control: 'closing' }));
    setInterval(() => this.#tellConnections(), TELL_CONNECTIONS_MS).unref();
    tell({ control: 'serving' });
  }

  /** Says that the socket is here before anything of it is read: until then it may go to another worker. */
  take(number: number, socket: Socket | undefined): void {
    const sockets = this.#sockets!;
    this.#toldConnections = sockets.open + 1;
    tell({ control: 'took', number, connections: this.#toldConnections });
    if (socket !== undefined) sockets.take(socket);
  }

  async close(): Promise<void> {
    await this.#served?.close();
  }

  #tellConnections(): void {
    const connections = this.#sockets!.open;
    if (connections === this.#toldConnections) return;
    this.#toldConnections = connections;
    tell({ control: 'holds', connections });
  }
}

/** A send that fails means that the primary is gone, and this process with it. */
function tell(message: FromClusterWorker): void {
  process.send?.(message, undefined, undefined, () => {});
}

if (process.argv[2] === WORKER_ROLE) {
  // The primary decides when to end: a signal to the whole group must not cut requests short.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  const worker = new ClusterWorker();
  process.on('message', (message: ToClusterWorker, socket: Socket | undefined) => {
    if (message.control === 'start') void worker.start(message.worker, message.options);
    else if (message.control === 'socket') worker.take(message.number, socket);
    else if (message.control === 'close') void worker.close().finally(() => process.exit(0));
  });
  process.on('disconnect', () => process.exit(0));
}
