import { collectWhenQuiet } from './app-quiet-memory.ts';
import type { WorkerHost, WorkerParts } from './app-worker.ts';
import { openWorker } from './app-worker.ts';
import { authority, createModelServer } from './server/index.ts';
import type { HandedSockets, ServerLog } from './server/index.ts';

export interface ServedWorker {
  /** Resolves to the URL. Rejects with `BRS_UNPROTECTED` or `BRS_LISTEN`. */
  listen(): Promise<string>;
  /** Instead of `listen`: serves what another process has accepted, until `onClosing`. */
  openToHanded(onClosing: () => void): HandedSockets;
  readonly host: WorkerHost;
  /** In phases: what is in flight may finish, then what is unused goes back to the keeper. */
  close(): Promise<void>;
}

/** A worker and the model server before it. */
export async function openServedWorker(
  parts: WorkerParts & { readonly log: ServerLog },
): Promise<ServedWorker> {
  const host = await openWorker(parts);
  const server = createModelServer({
    route: host.route,
    config: host.config,
    metrics: () => host.keeper.metrics(),
    feedback: (tenant, feedback) => host.keeper.feedback(tenant, feedback),
    readiness: () => host.keeper.readiness(),
    rates: parts.isOneOfSeveral === true ? host.keeper.rates : undefined,
    clock: host.clock,
    log: parts.log,
    onRefused: ({ code }) => host.keeper.publish({ kind: 'turned-away', code }),
  });
  const stopCollecting = collectWhenQuiet();
  return {
    listen: async () => `http://${authority(await server.listen())}`,
    openToHanded: (onClosing) => server.openToHanded(onClosing),
    host,
    close: async () => {
      stopCollecting();
      await server.close();
      await host.close();
    },
  };
}
