import { importPackage, requireOptionalPackage } from '../models/optional-package.ts';

const FEATURE = 'instances[].kvEvents';

/** What is used of a socket of the package `zeromq`. */
export interface ZmqSocket {
  connect(address: string): void;
  close(): void;
  /** Rejects once the socket is closed, and after `receiveTimeout`. */
  receive(): Promise<readonly Uint8Array[]>;
  readonly events: { on(kind: 'disconnect', listener: () => void): void };
}

export interface ZmqSubscriber extends ZmqSocket {
  subscribe(topic: string): void;
}

export interface ZmqDealer extends ZmqSocket {
  send(frames: readonly (Uint8Array | null)[]): Promise<void>;
}

interface ZmqPackage {
  readonly Subscriber: new (options: Readonly<Record<string, unknown>>) => ZmqSubscriber;
  readonly Dealer: new (options: Readonly<Record<string, unknown>>) => ZmqDealer;
}

interface MessagePackage {
  decode(bytes: Uint8Array, options: { readonly useBigInt64: true }): unknown;
}

export interface KvPackages {
  subscriber(options: Readonly<Record<string, unknown>>): ZmqSubscriber;
  dealer(options: Readonly<Record<string, unknown>>): ZmqDealer;
  /** Whole numbers of 64 bits as such. Throws where it is no message. */
  unpack(bytes: Uint8Array): unknown;
}

/** Rejects with `BRS_DEPENDENCY_MISSING` where one of the two is not installed. */
export async function loadKvPackages(): Promise<KvPackages> {
  const urls = ['zeromq', '@msgpack/msgpack'].map((name) => requireOptionalPackage(FEATURE, name));
  const [zmq, messages] = await Promise.all([
    importPackage<ZmqPackage>(urls[0]!, 'Subscriber'),
    importPackage<MessagePackage>(urls[1]!, 'decode'),
  ]);
  return {
    subscriber: (options) => new zmq.Subscriber(options),
    dealer: (options) => new zmq.Dealer(options),
    unpack: (bytes) => messages.decode(bytes, { useBigInt64: true }),
  };
}
