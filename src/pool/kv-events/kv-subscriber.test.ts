import { describe, expect, test } from 'vitest';
import { createSystemClock } from '../../kernel/index.ts';
import { KvSubscriber } from './kv-subscriber.ts';
import type { KvListener } from './kv-subscriber.ts';
import type { KvPackages, ZmqDealer, ZmqSubscriber } from './zmq-packages.ts';

const numberOf = (sequence: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(sequence);
  return Uint8Array.from(bytes);
};
const END = Buffer.alloc(8, 0xff);
const frames = (sequence: bigint): Uint8Array[] => [
  Buffer.from('kv'),
  numberOf(sequence),
  Buffer.from(`"${sequence}"`),
];

/** A socket whose messages the test puts in. */
class FakeSocket implements ZmqSubscriber, ZmqDealer {
  readonly sent: (readonly (Uint8Array | null)[])[] = [];
  readonly topics: string[] = [];
  address = '';
  isClosed = false;
  lost: () => void = () => {};
  readonly events = { on: (_: 'disconnect', listener: () => void) => void (this.lost = listener) };
  readonly #messages: (readonly Uint8Array[])[] = [];
  #wake: (() => void) | null = null;

  put(...messages: readonly (readonly Uint8Array[])[]): void {
    this.#messages.push(...messages);
    this.#wake?.();
  }
  connect(address: string): void {
    this.address = address;
  }
  subscribe(topic: string): void {
    this.topics.push(topic);
  }
  send(message: readonly (Uint8Array | null)[]): Promise<void> {
    this.sent.push(message);
    return Promise.resolve();
  }
  close(): void {
    this.isClosed = true;
    this.#wake?.();
  }
  async receive(): Promise<readonly Uint8Array[]> {
    while (this.#messages.length === 0) {
      if (this.isClosed) throw new Error('closed');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#messages.shift()!;
  }
}

/** Takes numbers in their order, from 0 on. */
class Heard implements KvListener {
  missing = 0n;
  readonly log: string[] = [];
  hear(sequence: bigint, batch: unknown, isReplayed = false): 'taken' | 'gap' {
    if (sequence > this.missing) return 'gap';
    if (sequence < this.missing) return 'taken';
    this.missing++;
    this.log.push(`${isReplayed ? 'replayed ' : ''}${String(batch)}`);
    return 'taken';
  }
  giveUp(sequence: bigint): void {
    this.missing = sequence;
    this.log.push('gave up');
  }
  beginAnew(): void {
    this.missing = 0n;
    this.log.push('anew');
  }
}

function open(replay: readonly (readonly Uint8Array[])[] | null) {
  const socket = new FakeSocket();
  const dealers: FakeSocket[] = [];
  const packages: KvPackages = {
    subscriber: () => socket,
    dealer: () => {
      const dealer = new FakeSocket();
      dealer.put(...(replay ?? []));
      dealers.push(dealer);
      return dealer;
    },
    unpack: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
  };
  const listener = new Heard();
  const lines: boolean[] = [];
  const subscriber = new KvSubscriber({
    endpoint: 'tcp://h:1',
    replay: replay === null ? null : 'tcp://h:2',
    topic: 'kv',
    packages,
    listener,
    clock: createSystemClock(),
    onLine: (isUp) => void lines.push(isUp),
  });
  const heard = async (count: number): Promise<readonly string[]> => {
    while (listener.log.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
    return listener.log;
  };
  return { socket, dealers, listener, lines, subscriber, heard };
}

describe('a subscriber to KV events', () => {
  test('tells batches in their order, unpacked', async () => {
    const { socket, heard, subscriber, lines } = open(null);
    expect([socket.address, socket.topics]).toEqual(['tcp://h:1', ['kv']]);
    socket.put(frames(0n), frames(1n));
    expect(await heard(2)).toEqual(['0', '1']);
    expect(lines).toEqual([true]);
    subscriber.close();
    expect(socket.isClosed).toBe(true);
  });

  test('asks for what is missing, and goes on', async () => {
    const replay = [0n, 1n].map((each) => [Buffer.alloc(0), ...frames(each).slice(1)]);
    const { socket, dealers, heard } = open([...replay, [Buffer.alloc(0), END, Buffer.alloc(0)]]);
    socket.put(frames(2n));
    expect(await heard(3)).toEqual(['replayed 0', 'replayed 1', '2']);
    expect(dealers).toHaveLength(1);
    expect(dealers[0]!.address).toBe('tcp://h:2');
    expect(dealers[0]!.sent).toEqual([[null, numberOf(0n)]]);
    expect(dealers[0]!.isClosed).toBe(true);
  });

  test('gives up what a replay does not have any more', async () => {
    const replay = [
      [Buffer.alloc(0), ...frames(7n).slice(1)],
      [Buffer.alloc(0), END],
    ];
    const { socket, heard } = open(replay);
    socket.put(frames(8n));
    expect(await heard(3)).toEqual(['gave up', 'replayed 7', '8']);
  });

  test('gives up where there is no replay, or none again so soon', async () => {
    const { socket, heard } = open(null);
    socket.put(frames(3n));
    expect(await heard(2)).toEqual(['gave up', '3']);
    const asked = open([[Buffer.alloc(0), END]]);
    asked.socket.put(frames(3n), frames(5n));
    expect(await asked.heard(4)).toEqual(['gave up', '3', 'gave up', '5']);
    expect(asked.dealers).toHaveLength(1);
  });

  test('passes over what is no message, and tells of what cannot be unpacked', async () => {
    const { socket, heard } = open(null);
    const torn = [Buffer.from('kv'), numberOf(0n), Buffer.from('{')];
    socket.put([], [Buffer.from('kv')], [Buffer.from('kv'), Buffer.from('x'), END], torn);
    expect(await heard(1)).toEqual(['null']);
  });

  test('hears all anew where the connection was lost, if it can', async () => {
    const { socket, listener, lines, heard } = open([[Buffer.alloc(0), END]]);
    socket.put(frames(0n));
    await heard(1);
    socket.lost();
    expect(lines).toEqual([true, false]);
    expect(listener.log).toEqual(['0', 'anew']);
    const without = open(null);
    without.socket.put(frames(0n));
    await without.heard(1);
    without.socket.lost();
    expect(without.listener.log).toEqual(['0']);
  });
});
