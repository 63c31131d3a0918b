import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../kernel/index.ts';
import type { VirtualClock } from '../kernel/index.ts';
import { HAND_OVER_MS, SocketHandOver } from './socket-hand-over.ts';
import type { Seat } from './socket-hand-over.ts';

class FakeSocket {
  readonly name: string;
  isOpen = true;
  constructor(name: string) {
    this.name = name;
  }
  destroy(): void {
    this.isOpen = false;
  }
}

/** A worker that remembers what it was sent. */
interface FakeWorker {
  readonly sent: { readonly number: number; readonly socket: FakeSocket }[];
  readonly seat: Seat;
  /** Takes what was sent last. */
  take(connections: number): void;
}

function open(): {
  clock: VirtualClock;
  handOver: SocketHandOver<FakeSocket>;
  readonly add: (...names: string[]) => FakeSocket[];
  readonly join: () => FakeWorker;
} {
  const clock = createVirtualClock();
  const handOver = new SocketHandOver<FakeSocket>(clock);
  return {
    clock,
    handOver,
    add: (...names) =>
      names.map((name) => {
        const socket = new FakeSocket(name);
        handOver.add(socket);
        return socket;
      }),
    join: () => {
      const sent: FakeWorker['sent'] = [];
      const seat = handOver.join((number, socket) => sent.push({ number, socket }));
      return { sent, seat, take: (connections) => seat.took(sent.at(-1)!.number, connections) };
    },
  };
}

const names = ({ sent }: FakeWorker): string[] => sent.map(({ socket }) => socket.name);

describe('sockets handed to workers', () => {
  test('the copy here stays open until the worker has the socket', () => {
    const { add, join } = open();
    const worker = join();
    const [socket] = add('a');
    expect(names(worker)).toEqual(['a']);
    expect(socket!.isOpen).toBe(true);
    worker.take(1);
    expect(socket!.isOpen).toBe(false);
  });

  test('the worker with the fewest connections is next, one at a time each', () => {
    const { add, join } = open();
    const [first, second] = [join(), join()];
    add('a', 'b', 'c', 'd');
    expect([names(first), names(second)]).toEqual([['a'], ['b']]);
    second.take(7);
    expect(names(second)).toEqual(['b', 'c']);
    first.take(1);
    expect(names(first)).toEqual(['a', 'd']);
    first.take(2);
    second.take(8);
    add('e');
    expect(names(first).at(-1)).toBe('e');
    first.take(3);
    second.seat.holds(0);
    add('f');
    expect(names(second).at(-1)).toBe('f');
  });

  test('what a worker leaves untaken goes to another one, before those that came later', () => {
    const { add, join } = open();
    const first = join();
    const [a] = add('a', 'b', 'c');
    const second = join();
    expect(names(second)).toEqual(['b']);
    first.seat.leave();
    first.seat.leave();
    second.take(1);
    expect(names(second)).toEqual(['b', 'a']);
    expect(a!.isOpen).toBe(true);
    second.take(2);
    expect(names(second)).toEqual(['b', 'a', 'c']);
  });

  test('what a worker has taken is not given to another one', () => {
    const { add, join } = open();
    const [first, second] = [join(), join()];
    add('a');
    first.take(1);
    first.seat.leave();
    expect(names(second)).toEqual([]);
  });

  test('where nobody serves, sockets wait for a worker, but not for ever', () => {
    const { clock, add, join } = open();
    const first = join();
    const [a, b] = add('a', 'b');
    first.seat.leave();
    clock.advance(HAND_OVER_MS - 2_000);
    const [c] = add('c');
    clock.advance(3_000);
    expect([a, b, c].map((socket) => socket!.isOpen)).toEqual([false, false, true]);
    expect(names(join())).toEqual(['c']);
  });

  test('a worker that does not take its socket is given no more until it says something', () => {
    const { clock, add, join } = open();
    const [silent, other] = [join(), join()];
    const [a] = add('a');
    clock.advance(HAND_OVER_MS + 1_000);
    expect(a!.isOpen).toBe(false);
    add('b', 'c');
    expect(names(other)).toEqual(['b']);
    expect(names(silent)).toEqual(['a']);
    // It takes the old one after all: it is with us again.
    silent.take(1);
    expect(names(silent)).toEqual(['a', 'c']);
    // An answer to the old one is none to the new one.
    silent.seat.took(1, 1);
    add('d');
    expect(names(silent)).toEqual(['a', 'c']);
  });

  test('closed, it closes what waits, and what a worker leaves', () => {
    const { clock, handOver, add, join } = open();
    const worker = join();
    const [a, b] = add('a', 'b');
    handOver.close();
    expect([a!.isOpen, b!.isOpen]).toEqual([true, false]);
    worker.seat.leave();
    expect(a!.isOpen).toBe(false);
    const [c] = add('c');
    expect(c!.isOpen).toBe(false);
    expect(clock.step()).toBe(false);
  });
});
