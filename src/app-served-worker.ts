import type { WorkerHost, WorkerParts } from './app-worker.ts';
import { openWorker } from './app-worker.ts';
import { authority, createModelServer } from './server/index.ts';
import type { ServerLog } from './server/index.ts';

export interface ServedWorker {
  readonly modelUrl: string;
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
    clock: host.clock,
    log: parts.log,
    onRefused: ({ code }) => host.keeper.publish({ kind: 'turned-away', code }),
  });
  const address = await server.listen();
  return {
    modelUrl: `http://${authority(address)}`,
    host,
    close: async () => {
      await server.close();
      await host.close();
    },
  };
}
