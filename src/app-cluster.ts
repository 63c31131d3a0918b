import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { fault, faultFrom, moduleUrl } from './kernel/index.ts';
import type { Failure } from './kernel/index.ts';
import type { KeeperHost, KeeperHostOptions } from './app-keeper.ts';
import { createProcessChannel } from './keeper/index.ts';

/** A worker that ends by itself is replaced, but not for ever: something is wrong then. */
const REPLACEMENTS_MAX = 20;

export type ToClusterWorker =
  | { readonly control: 'start'; readonly worker: number; readonly options: KeeperHostOptions }
  | { readonly control: 'close' };

export type FromClusterWorker =
  | { readonly control: 'listening'; readonly url: string }
  | { readonly control: 'failed'; readonly failure: Failure };

export interface WorkerPool {
  readonly modelUrl: string;
  close(): Promise<void>;
}

/** Forks the workers, attaches each to the keeper, and replaces those that die. All listen on one port. */
export async function openWorkerPool(
  count: number,
  options: KeeperHostOptions,
  keeper: KeeperHost,
): Promise<WorkerPool> {
  cluster.setupPrimary({
    exec: fileURLToPath(moduleUrl(import.meta.url, './app-cluster-worker')),
    serialization: 'advanced',
  });
  const running = new Set<Worker>();
  let isClosing = false;
  let nextNumber = 0;
  let replacements = 0;

  /** Numbers are never used twice: leases and decision ids belong to a worker's number. */
  function fork(): Promise<string> {
    const number = nextNumber++;
    const worker = cluster.fork();
    running.add(worker);
    worker.on('exit', () => {
      running.delete(worker);
      if (!isClosing && replacements++ < REPLACEMENTS_MAX) fork().catch(() => {});
    });
    keeper.attach(number, createProcessChannel(worker.process));
    worker.send({ control: 'start', worker: number, options } satisfies ToClusterWorker);
    return listening(worker);
  }

  const urls = await Promise.all(Array.from({ length: count }, fork));
  return {
    modelUrl: urls[0]!,
    close: async () => {
      isClosing = true;
      await Promise.all([...running].map(closeWorker));
    },
  };
}

function listening(worker: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromClusterWorker) => {
      if (message.control === 'listening') resolve(message.url);
      if (message.control === 'failed') reject(faultFrom(message.failure));
    });
    worker.once('exit', () => reject(fault('BRS_INTERNAL')));
  });
}

function closeWorker(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
    worker.send({ control: 'close' } satisfies ToClusterWorker, () => {});
  });
}
