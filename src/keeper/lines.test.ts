import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { MessageChannel, Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../kernel/index.ts';
import type { BourseEvent } from '../contract/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { createChannelPair, createPortChannel, createProcessChannel } from './index.ts';
import { createKeeper } from './keeper.ts';
import type { Keeper } from './keeper.ts';
import { rule } from './fixtures/budget-rig.ts';
import { loadFakePolicy, textOf } from './fixtures/fake-policy.ts';
import { READY } from './fixtures/keeper-rig.ts';

const LIMIT = 10_000;
const program = new URL('fixtures/remote-worker.ts', import.meta.url);
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function startKeeper(): Promise<{ keeper: Keeper; events: BourseEvent[] }> {
  const events: BourseEvent[] = [];
  const keeper = createKeeper({
    store: await openSqliteStore({ path: null }),
    clock: createSystemClock(),
    rng: createRng(1),
    learners: [],
    prober: { probe: async () => READY },
    loadPolicy: loadFakePolicy,
    policy: {
      text: textOf({ budgets: [rule('total', { tenant: '*' }, { tokens: LIMIT })] }),
      file: null,
      files: {},
    },
    readPolicy: async () => ({ text: '', file: null, files: {} }),
    beliefs: { toJson: () => '', fromJson: () => null },
    onEvent: (event) => events.push(event),
  });
  await keeper.start();
  closing.push(() => keeper.close());
  return { keeper, events };
}

interface Remote {
  ask(order: object): Promise<{ tokens?: number }>;
}

async function startThread(keeper: Keeper, worker: number): Promise<Remote> {
  const thread = new Worker(program);
  closing.push(() => thread.terminate());
  const { port1, port2 } = new MessageChannel();
  keeper.attach(worker, createPortChannel(port1));
  thread.postMessage({ port: port2, worker }, [port2]);
  await once(thread, 'message');
  return {
    ask: async (order) => {
      thread.postMessage(order, []);
      const [answer] = await once(thread, 'message');
      return answer;
    },
  };
}

async function startProcess(
  keeper: Keeper,
  worker: number,
): Promise<Remote & { child: ChildProcess }> {
  const child = fork(program, [String(worker)], { serialization: 'advanced' });
  closing.push(async () => child.kill());
  keeper.attach(worker, createProcessChannel(child));
  const next = (): Promise<{ tokens?: number }> =>
    new Promise((resolve) => {
      const take = (message: object): void => {
        if ('bourse' in message) return;
        child.off('message', take);
        resolve(message);
      };
      child.on('message', take);
    });
  await next();
  return {
    child,
    ask: (order) => {
      const answer = next();
      child.send(order);
      return answer;
    },
  };
}

/** Both workers spend one budget at once, until it is gone. */
async function race(keeper: Keeper, workers: readonly Remote[]): Promise<void> {
  const answers = await Promise.all(workers.map((worker) => worker.ask({ rounds: 300 })));
  const spent = answers.reduce((sum, { tokens }) => sum + tokens!, 0);
  // Each request uses 35 of the 50 that it holds; the last ones shrink.
  expect(spent).toBeGreaterThan(LIMIT - 50);
  expect(spent).toBeLessThanOrEqual(LIMIT);
  for (const worker of workers) await worker.ask({ leave: true });
  const [view] = keeper.admin.budgets('acme');
  expect(view!.settled.tokens).toBe(String(spent));
  expect(view!.reserved.tokens).toBe('0');
  expect((await keeper.admin.ledger('acme')).promptTokens).toBe(BigInt(spent));
}

describe('two workers on one budget', () => {
  test('over message ports of real threads', async () => {
    const { keeper, events } = await startKeeper();
    await race(keeper, [await startThread(keeper, 0), await startThread(keeper, 1)]);
    expect(events.map(({ kind }) => kind)).not.toContain('worker-lost');
  });

  test('over the channels of real processes', async () => {
    const { keeper, events } = await startKeeper();
    await race(keeper, await Promise.all([startProcess(keeper, 0), startProcess(keeper, 1)]));
    expect(events.map(({ kind }) => kind)).not.toContain('fault');
  });

  test('a process that is killed is lost, with what it held', async () => {
    const { keeper, events } = await startKeeper();
    const worker = await startProcess(keeper, 0);
    const { child } = worker;
    const { tokens } = await worker.ask({ rounds: 20 });
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(events).toContainEqual({ kind: 'worker-lost', worker: 0 });
    const [view] = keeper.admin.budgets('acme');
    expect(view!.reserved.tokens).toBe('0');
    expect(Number(view!.settled.tokens)).toBeGreaterThanOrEqual(tokens!);
    expect(Number(view!.settled.tokens)).toBeLessThan(LIMIT / 4);
  });
});

test.runIf(process.platform !== 'win32')(
  'a process that is killed while a handle is on its way to it is lost, too',
  async () => {
    const { keeper, events } = await startKeeper();
    const { child } = await startProcess(keeper, 0);
    child.kill('SIGSTOP');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    child.send({ order: 'none' }, server, { keepOpen: true }, () => {});
    child.kill('SIGKILL');
    await once(child, 'close');
    server.close();
    expect(events).toContainEqual({ kind: 'worker-lost', worker: 0 });
  },
);

describe('channels', () => {
  test('a pair clones, keeps the order, and tells only the other end of a close', async () => {
    const [near, far] = createChannelPair();
    const seen: unknown[] = [];
    far.onMessage((message) => seen.push(message));
    far.onClose(() => seen.push('closed'));
    near.onClose(() => seen.push('own end'));
    const shared = { map: new Map([['a', 1n]]) };
    near.post(shared);
    near.post(2);
    near.close();
    near.close();
    near.post('after');
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([{ map: new Map([['a', 1n]]) }, 2, 'closed']);
    expect(seen[0]).not.toBe(shared);
    expect(() => near.post({ run: () => {} })).not.toThrow();
    const [open] = createChannelPair();
    expect(() => open.post({ run: () => {} })).toThrow();
  });
});
