import { afterEach, describe, expect, test } from 'vitest';
import type { AwardedDecision, BourseEvent, FleetSnapshot } from '../../src/contract/index.ts';
import type { InstanceState, PromptChain, RenderedChain } from '../../src/contract/index.ts';
import { decide } from '../../src/attempts/fixtures/exchange.ts';
import { KvEvents } from '../../src/app-kv-events.ts';
import { createSystemClock, fault } from '../../src/kernel/index.ts';
import { ENGINES } from '../../src/pool/index.ts';
import type { KvPackages } from '../../src/pool/index.ts';

const AT = {
  endpoint: 'tcp://h:5557',
  replay: null,
  topic: 'kv',
  ranks: 1,
  renderUrl: null,
};
const TOKENS = Array.from({ length: 64 }, (_, i) => i);
const CHAIN: PromptChain = { hashes: [11, 12], ends: [128, 256], totalBytes: 256 };
const STORED = {
  type: 'BlockStored',
  block_hashes: [1, 2, 3, 4],
  parent_block_hash: null,
  token_ids: TOKENS,
  block_size: 16,
};
const REMOVED = { type: 'BlockRemoved', block_hashes: [4] };

interface FakeSocket {
  readonly address: string;
  isClosed: boolean;
  put(message: readonly Uint8Array[]): void;
}

function fakePackages() {
  const sockets: FakeSocket[] = [];
  const subscriber: KvPackages['subscriber'] = () => {
    let wake: ((message: readonly Uint8Array[]) => void) | null = null;
    const socket = { address: '', isClosed: false, put: (it: readonly Uint8Array[]) => wake!(it) };
    sockets.push(socket);
    return {
      connect: (address) => void (socket.address = address),
      subscribe: () => {},
      close: () => void (socket.isClosed = true),
      receive: () => new Promise((resolve) => (wake = resolve)),
      events: { on: () => {} },
    };
  };
  const unpack = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());
  const packages = { subscriber, unpack } as Partial<KvPackages> as KvPackages;
  return { packages, sockets };
}

const open: KvEvents[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const tick = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1));

function decided(kvEvents: object | null = AT, body: object = {}, image = false) {
  const text = JSON.stringify({
    model: 'auto',
    messages: [{ role: 'user', content: 'Hi' }],
    ...body,
  });
  const decision = decide({ body: text }, [{ id: 'i', url: 'http://127.0.0.1:9', engine: 'vllm' }]);
  const instance = { ...decision.result.ranked[0]!.instance, ...(kvEvents && { kvEvents }) };
  const workload = { ...decision.workload, modality: () => ({ image, audio: false }) };
  return { decision: { ...decision, workload } as AwardedDecision, instance: instance as never };
}

function fleetOf(...kvEvents: (object | null)[]): FleetSnapshot {
  const states = kvEvents.map((at) => {
    const { instance } = decided(at);
    return { instance, lifecycle: 'ready', features: { hasResponses: false } };
  });
  return { generation: 1, states: states as Partial<InstanceState>[] as InstanceState[] };
}

interface Setting {
  readonly fleet?: FleetSnapshot;
  readonly render?: () => Promise<readonly number[] | null>;
  readonly loadPackages?: () => Promise<KvPackages>;
}

async function start({ fleet = fleetOf(AT), ...rest }: Setting = {}) {
  const { packages, sockets } = fakePackages();
  const events: BourseEvent[] = [];
  const sent: { readonly url: string; readonly path: string; readonly body: string }[] = [];
  let answer: () => Promise<readonly number[] | null> = rest.render ?? (async () => TOKENS);
  const kv = new KvEvents({
    clock: createSystemClock(),
    engines: ENGINES,
    fleet: () => fleet,
    onEvent: (event) => void events.push(event),
    loadPackages: rest.loadPackages ?? (async () => packages),
    renderer: {
      render: ({ url, path, body }) => {
        sent.push({ url, path, body: body.toString() });
        return answer();
      },
      close: async () => {},
    },
  });
  open.push(kv);
  await tick();
  const told: RenderedChain[] = [];
  kv.onRendered((rendered) => void told.push(rendered));
  const rank = () => kv.ranks.get('i' as never)?.[0];
  let sequence = 0n;
  const publish = async (event: object): Promise<void> => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(sequence++);
    sockets[0]!.put([Buffer.from('kv'), number, Buffer.from(JSON.stringify([0, [event]]))]);
    await tick();
  };
  return { kv, sockets, events, sent, told, rank, publish };
}

describe('what a worker hears of KV memories', () => {
  test('a prompt that was served is rendered once, and from then on events tell what is held', async () => {
    const { kv, sent, told, rank, publish, events } = await start();
    await publish(STORED);
    expect(events).toEqual([{ kind: 'kv-events-heard', instance: 'i' }]);
    const { decision, instance } = decided();
    kv.served(decision, instance, CHAIN);
    while (told.length === 0) await tick();
    kv.served(decision, instance, CHAIN);
    await tick();
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ url: 'http://127.0.0.1:9', path: '/v1/chat/completions' });
    expect(rank()!.cachedShare(CHAIN, 0)).toBe(1);
    await publish(REMOVED);
    expect(rank()!.cachedShare(CHAIN, 1)).toBe(0.5);
  });

  test('what another worker had rendered is not rendered again', async () => {
    const first = await start();
    await first.publish(STORED);
    const { decision, instance } = decided();
    first.kv.served(decision, instance, CHAIN);
    while (first.told.length === 0) await tick();
    const second = await start();
    await second.publish(STORED);
    second.kv.hear(structuredClone(first.told));
    expect(second.rank()!.cachedShare(CHAIN, 0)).toBe(1);
    second.kv.served(decision, instance, CHAIN);
    await tick();
    expect(second.sent).toEqual([]);
  });

  test('prompts wait in a short queue, and what is more is dropped', async () => {
    const { kv, sent, publish } = await start({ render: () => new Promise(() => {}) });
    await publish(STORED);
    for (let i = 0; i < 100; i++) {
      const { decision, instance } = decided();
      kv.served(decision, instance, { ...CHAIN, hashes: [i + 20, i + 200] });
    }
    await tick();
    expect(sent).toHaveLength(1);
    const queue = await start({ render: async () => null });
    await queue.publish(STORED);
    const { decision, instance } = decided(AT, { pad: 'x'.repeat(17 * 1024 * 1024) });
    queue.kv.served(decision, instance, CHAIN);
    await tick();
    expect(queue.sent).toEqual([]);
  });

  test('pictures are not rendered, nor what an instance without events has served', async () => {
    const { kv, sent, publish } = await start();
    await publish(STORED);
    const picture = decided(AT, {}, true);
    kv.served(picture.decision, picture.instance, CHAIN);
    const none = await start({ fleet: fleetOf(null) });
    expect(none.sockets).toEqual([]);
    const silent = decided();
    none.kv.served(silent.decision, silent.instance, CHAIN);
    await tick();
    expect([sent, none.sent]).toEqual([[], []]);
  });

  test('a rendering server of its own is asked, with the salt in view', async () => {
    const at = { ...AT, renderUrl: 'http://127.0.0.1:7' };
    const { kv, sent, told, publish, rank } = await start({ fleet: fleetOf(at) });
    await publish({ ...STORED, extra_keys: [['s'], null, null, null] });
    const { decision, instance } = decided(at, { cache_salt: 's' });
    kv.served(decision, instance, CHAIN);
    while (told.length === 0) await tick();
    expect(sent[0]!.url).toBe('http://127.0.0.1:7');
    expect(rank()!.cachedShare(CHAIN, 0)).toBe(1);
  });

  test('each rank is listened to at a port of its own, until the instance is gone', async () => {
    const at = { ...AT, ranks: 3 };
    const { kv, sockets } = await start({ fleet: fleetOf(at) });
    expect(sockets.map(({ address }) => address)).toEqual([
      'tcp://h:5557',
      'tcp://h:5558',
      'tcp://h:5559',
    ]);
    expect(kv.ranks.get('i' as never)).toHaveLength(3);
    await kv.close();
    expect(sockets.every(({ isClosed }) => isClosed)).toBe(true);
    expect(kv.ranks.size).toBe(0);
  });

  test('a missing package is told of, and nothing else is hurt', async () => {
    const missing = fault('BRS_DEPENDENCY_MISSING', { feature: 'f', package: 'zeromq' });
    const { kv, events } = await start({ loadPackages: () => Promise.reject(missing) });
    expect(events).toEqual([
      {
        kind: 'kv-events-lost',
        instance: 'i',
        reason: 'f needs the package zeromq: npm install zeromq.',
      },
    ]);
    const { decision, instance } = decided();
    kv.served(decision, instance, CHAIN);
    expect(kv.ranks.size).toBe(0);
  });
});
