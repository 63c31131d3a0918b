import { MessageChannel, Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { failureOf, fault, faultFrom, moduleUrl } from './kernel/index.ts';
import type { Failure, Fault } from './kernel/index.ts';
import type { PolicyAnalysis, PolicyStatus } from './contract/index.ts';
import type { KeeperHost, KeeperHostOptions } from './app-keeper.ts';
import { collectWhenQuiet } from './app-quiet-memory.ts';
import { createPortChannel } from './keeper/index.ts';
import type { Channel } from './keeper/index.ts';
import type { MessagePort } from 'node:worker_threads';

/** Marks the thread as this module's own: it runs in other people's threads too. */
const ROLE = 'bourse-keeper';

type ToThread =
  | { readonly kind: 'attach'; readonly port: MessagePort }
  | { readonly kind: 'reload' }
  | { readonly kind: 'findings' }
  | { readonly kind: 'close' };

type ToMain =
  | { readonly kind: 'open'; readonly adminUrl: string }
  | { readonly kind: 'reloaded'; readonly status: PolicyStatus }
  | { readonly kind: 'found'; readonly analysis: PolicyAnalysis }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface KeeperThread extends Omit<KeeperHost, 'attach'> {
  /** The line of the one worker. */
  readonly channel: Channel;
}

/** Runs the keeper in a thread of its own: its database calls never wait on a request's event loop, nor it on them. */
export async function openKeeperThread(options: KeeperHostOptions): Promise<KeeperThread> {
  const thread = new Worker(moduleUrl(import.meta.url, './app-keeper-thread'), {
    workerData: { role: ROLE, options },
  });
  const answers: ((message: ToMain) => void)[] = [];
  let lost: ToMain | null = null;
  /** An answer that nobody will give any more; requests made afterwards get it at once. */
  const fail = (message: string): void => {
    lost ??= { kind: 'failed', failure: { code: 'BRS_KEEPER_LOST', message } };
    for (const answer of answers.splice(0)) answer(lost);
  };
  thread.on('message', (message: ToMain) => answers.shift()?.(message));
  thread.on('error', (error) => fail(error.message));
  thread.on('exit', () => fail('the keeper has ended'));
  const next = (): Promise<ToMain> =>
    new Promise((resolve) => (lost === null ? answers.push(resolve) : resolve(lost)));
  const ask = (message: ToThread): Promise<ToMain> => {
    const answer = next();
    thread.postMessage(message);
    return answer;
  };

  const opened = await next();
  if (opened.kind !== 'open') throw failure(opened);
  const { port1, port2 } = new MessageChannel();
  thread.postMessage({ kind: 'attach', port: port2 } satisfies ToThread, [port2]);
  return {
    adminUrl: opened.adminUrl,
    channel: createPortChannel(port1),
    reload: async () => {
      const answer = await ask({ kind: 'reload' });
      if (answer.kind !== 'reloaded') throw failure(answer);
      return answer.status;
    },
    findings: async () => {
      const answer = await ask({ kind: 'findings' });
      if (answer.kind !== 'found') throw failure(answer);
      return answer.analysis;
    },
    close: async () => {
      await ask({ kind: 'close' });
      await thread.terminate();
    },
  };
}

function failure(message: ToMain): Fault {
  return message.kind === 'failed' ? faultFrom(message.failure) : fault('BRS_KEEPER_LOST');
}

async function runThread(port: MessagePort, options: KeeperHostOptions): Promise<void> {
  const tell = (message: ToMain): void => port.postMessage(message);
  const failed = (error: unknown): ToMain => ({ kind: 'failed', failure: failureOf(error) });
  let host: KeeperHost;
  try {
    // Whoever only starts the thread does not load what runs in it.
    host = await (await import('./app-keeper.ts')).openKeeperHost(options);
  } catch (error) {
    tell(failed(error));
    return;
  }
  tell({ kind: 'open', adminUrl: host.adminUrl });
  collectWhenQuiet();
  // Answers are told apart by their order: each waits for those before it.
  let last: Promise<void> = Promise.resolve();
  const answer = (result: Promise<ToMain>): void => {
    const settled = result.catch(failed);
    last = last.then(async () => tell(await settled));
  };
  port.on('message', (message: ToThread) => {
    if (message.kind === 'attach') host.attach(0, createPortChannel(message.port));
    else if (message.kind === 'reload') {
      answer(host.reload().then((status) => ({ kind: 'reloaded', status })));
    } else if (message.kind === 'findings') {
      answer(host.findings().then((analysis) => ({ kind: 'found', analysis })));
    } else {
      answer(host.close().then(() => ({ kind: 'closed' })));
    }
  });
}

const start = workerData as { readonly role?: string; readonly options: KeeperHostOptions } | null;
if (!isMainThread && parentPort !== null && start?.role === ROLE) {
  void runThread(parentPort, start.options);
}
