import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createSystemClock, fault, faultFrom, moduleUrl } from './kernel/index.ts';
import type { Failure } from './kernel/index.ts';
import type { Config } from './contract/index.ts';
import { WORKER_ROLE } from './app-cluster-worker.ts';
import type { KeeperHost, KeeperHostOptions } from './app-keeper.ts';
import { createProcessChannel } from './keeper/index.ts';
import { authority, createSharedPort } from './server/index.ts';
import type { SharedPort } from './server/index.ts';

/** A worker that ends by itself is replaced, but not for ever: something is wrong then. */
const REPLACEMENTS_MAX = 20;

export type ToClusterWorker =
  | { readonly control: 'start'; readonly worker: number; readonly options: KeeperHostOptions }
  /** The socket comes with it. */
  | { readonly control: 'socket'; readonly number: number }
  | { readonly control: 'close' };

export type FromClusterWorker =
  | { readonly control: 'serving' }
  | { readonly control: 'failed'; readonly failure: Failure }
  /** It has the socket of this number, and with it so many open. */
  | { readonly control: 'took'; readonly number: number; readonly connections: number }
  | { readonly control: 'holds'; readonly connections: number }
  /** Its shutdown has come so far that connections are refused. */
  | { readonly control: 'closing' };

export interface WorkerPool {
  readonly modelUrl: string;
  close(): Promise<void>;
}

/**
 * Forks the workers, attaches each to the keeper, and replaces those that die. This process listens in
 * the name of all, and hands each connection to one of them (docs/decisions/0024).
 */
export async function openWorkerPool(
  config: Config,
  options: KeeperHostOptions,
  keeper: KeeperHost,
): Promise<WorkerPool> {
  const port = createSharedPort(config, createSystemClock());
  const running = new Set<ChildProcess>();
  let isClosing = false;
  let nextNumber = 0;
  let replacements = 0;

  /** Numbers are never used twice: leases and decision ids belong to a worker's number. */
  function start(): Promise<void> {
    const number = nextNumber++;
    const entry = fileURLToPath(moduleUrl(import.meta.url, './app-cluster-worker'));
    const worker = fork(entry, [WORKER_ROLE], { serialization: 'advanced' });
    running.add(worker);
    worker.on('exit', () => {
      running.delete(worker);
      if (!isClosing && replacements++ < REPLACEMENTS_MAX) start().catch(() => {});
    });
    keeper.attach(number, createProcessChannel(worker));
    tell(worker, { control: 'start', worker: number, options });
    return serving(worker, port);
  }

  async function close(): Promise<void> {
    isClosing = true;
    await Promise.all([...running].map(end));
    port.close();
  }

  try {
    await Promise.all(Array.from({ length: config.server.workers }, start));
    return { modelUrl: `http://${authority(await port.listen())}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves when the worker serves, and has its share of the connections. */
function serving(worker: ChildProcess, port: SharedPort): Promise<void> {
  return new Promise((resolve, reject) => {
    // `close` comes when the line is read to its end; `disconnect` never where a socket was on its way.
    worker.once('close', () => reject(fault('BRS_INTERNAL')));
    worker.on('error', reject);
    worker.on('message', (message: FromClusterWorker) => {
      if (message.control === 'failed') reject(faultFrom(message.failure));
      if (message.control !== 'serving') return;
      seat(worker, port);
      resolve();
    });
  });
}

function seat(worker: ChildProcess, port: SharedPort): void {
  const place = port.join((number, socket) => {
    const message: ToClusterWorker = { control: 'socket', number };
    // One that cannot be reached is of no use to anybody: what it was given goes to its replacement.
    worker.send(message, socket, { keepOpen: true }, (error) => error && worker.kill('SIGKILL'));
  });
  worker.once('close', () => place.leave());
  worker.on('message', (message: FromClusterWorker) => {
    if (message.control === 'took') place.took(message.number, message.connections);
    else if (message.control === 'holds') place.holds(message.connections);
    else if (message.control === 'closing') port.close();
  });
}

function end(worker: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
    tell(worker, { control: 'close' });
  });
}

/** A send that fails means that the worker is gone, which its end tells. */
function tell(worker: ChildProcess, message: ToClusterWorker): void {
  worker.send(message, () => {});
}
