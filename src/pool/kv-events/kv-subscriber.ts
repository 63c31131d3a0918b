import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Clock } from '../../kernel/index.ts';
import type { KvPackages, ZmqSubscriber } from './zmq-packages.ts';

/** What learns from the batches of one publisher. */
export interface KvListener {
  /** `gap`: batches from `missing` on were missed, and this one was not taken. */
  hear(sequence: bigint, batch: unknown, isReplayed?: boolean): 'taken' | 'gap';
  readonly missing: bigint;
  /** Nothing before this number will be heard. */
  giveUp(sequence: bigint): void;
  beginAnew(): void;
}

export interface KvSubscriberOptions {
  readonly endpoint: string;
  readonly replay: string | null;
  readonly topic: string;
  readonly packages: KvPackages;
  readonly listener: KvListener;
  readonly clock: Clock;
  /** The connection is lost, or batches come again. */
  readonly onLine: (isUp: boolean) => void;
}

/** Batches that wait here at most; a publisher drops what is more, which shows as a gap. */
const WAITING_MAX = 10_000;
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
const SOCKET = {
  receiveHighWaterMark: WAITING_MAX,
  maxMessageSize: MESSAGE_BYTES_MAX,
  linger: 0,
  reconnectInterval: 500,
  reconnectMaxInterval: 30_000,
  heartbeatInterval: 5_000,
  heartbeatTimeout: 15_000,
};
/** Between two batches of a replay, and in all. */
const REPLAY_SILENCE_MS = 1_000;
const REPLAY_MS = 30_000;
/** A publisher that loses batches all the time is not asked for all of them all the time. */
const REPLAY_APART_MS = 1_000;
const PAUSE_MS = 1_000;
/** Batches after which others get their turn. */
const TURN_BATCHES = 16;
const END = 0xffff_ffff_ffff_ffffn;

/**
 * Listens to one publisher of KV events, in the order of its numbers, for as long as it is open. A
 * publisher that cannot be reached costs a connection attempt now and then.
 */
export class KvSubscriber {
  readonly #options: KvSubscriberOptions;
  readonly #socket: ZmqSubscriber;
  #isClosed = false;
  #isUp = false;
  #replayedMs = -Infinity;
  #batches = 0;

  constructor(options: KvSubscriberOptions) {
    this.#options = options;
    this.#socket = options.packages.subscriber(SOCKET);
    this.#socket.events.on('disconnect', () => this.#disconnected());
    this.#socket.connect(options.endpoint);
    this.#socket.subscribe(options.topic);
    void this.#listen();
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.close();
  }

  async #listen(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#take(await this.#socket.receive());
      } catch {
        // Closed, or in want of memory or of descriptors: what is missed meanwhile shows as a gap.
        if (!this.#isClosed) await setTimeout(PAUSE_MS, undefined, { ref: false });
      }
      if (++this.#batches % TURN_BATCHES === 0) await setImmediate();
    }
  }

  /** Frames: topic, number, batch. What has others is no message of an engine. */
  async #take(frames: readonly Uint8Array[]): Promise<void> {
    const sequence = frames.length === 3 ? numberIn(frames[1]!) : null;
    if (sequence === null) return;
    this.#line(true);
    const { listener } = this.#options;
    const batch = this.#unpack(frames[2]!);
    if (listener.hear(sequence, batch) === 'taken') return;
    await this.#replay(sequence);
    if (this.#isClosed || listener.hear(sequence, batch) === 'taken') return;
    listener.giveUp(sequence);
    listener.hear(sequence, batch);
  }

  /** Asks for the batches before the number, where there is anybody to ask. */
  async #replay(until: bigint): Promise<void> {
    const { replay, packages, listener, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (replay === null || nowMs - this.#replayedMs < REPLAY_APART_MS) return;
    const socket = packages.dealer({ ...SOCKET, receiveTimeout: REPLAY_SILENCE_MS });
    try {
      socket.connect(replay);
      await socket.send([null, bytesOf(listener.missing)]);
      while (!this.#isClosed && clock.monotonicMs() - nowMs < REPLAY_MS) {
        const [, number, bytes] = await socket.receive();
        const sequence = number === undefined ? null : numberIn(number);
        if (sequence === null || sequence === END || bytes === undefined) break;
        const batch = this.#unpack(bytes);
        if (listener.hear(sequence, batch, true) === 'gap') {
          listener.giveUp(sequence);
          listener.hear(sequence, batch, true);
        }
        if (sequence >= until) break;
        if (++this.#batches % TURN_BATCHES === 0) await setImmediate();
      }
    } catch {
      // Nobody answers: what is missing is given up.
    } finally {
      this.#replayedMs = clock.monotonicMs();
      socket.close();
    }
  }

  #unpack(bytes: Uint8Array): unknown {
    try {
      return this.#options.packages.unpack(bytes);
    } catch {
      return null;
    }
  }

  /** The engine may have begun anew meanwhile; where nothing can be heard again, its numbers have to tell. */
  #disconnected(): void {
    if (this.#isClosed) return;
    this.#line(false);
    if (this.#options.replay !== null) this.#options.listener.beginAnew();
  }

  #line(isUp: boolean): void {
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.#options.onLine(isUp);
  }
}

function numberIn(bytes: Uint8Array): bigint | null {
  if (bytes.length !== 8) return null;
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
}

function bytesOf(number: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, number);
  return bytes;
}
