import type { MessagePort } from 'node:worker_threads';
import { deserialize, serialize } from 'node:v8';

/** A two-way line. Messages are cloned, and arrive in the order of posting; after `onClose` none comes. */
export interface Channel {
  post(message: unknown): void;
  /** Set once, before the first message is awaited. */
  onMessage(handler: (message: unknown) => void): void;
  /** The other end is gone, or has closed the line. Not called for one's own `close`. */
  onClose(handler: () => void): void;
  close(): void;
}

/** A line to another thread. */
export function createPortChannel(port: MessagePort): Channel {
  let isClosed = false;
  return {
    post: (message) => port.postMessage(message),
    onMessage: (handler) => void port.on('message', handler),
    onClose: (handler) =>
      void port.on('close', () => {
        if (!isClosed) handler();
      }),
    close: () => {
      isClosed = true;
      port.close();
    },
  };
}

/** A child process, a cluster worker, or `process` in either of them; opened with `serialization: 'advanced'`. */
export interface ProcessEnd {
  send?(
    message: unknown,
    handle: undefined,
    options: undefined,
    callback: (error: Error | null) => void,
  ): boolean;
  readonly connected?: boolean | undefined;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect' | 'close', listener: () => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
  off(event: 'disconnect' | 'close', listener: () => void): unknown;
}

interface Enveloped {
  readonly bourse: unknown;
}

const isEnveloped = (value: unknown): value is Enveloped =>
  typeof value === 'object' && value !== null && 'bourse' in value;

/**
 * A line to another process, over the channel that it was forked with. Messages travel in an envelope:
 * the channel is shared with whatever else the two processes say to each other. `close` leaves it open.
 */
export function createProcessChannel(end: ProcessEnd): Channel {
  let onMessage: ((message: unknown) => void) | null = null;
  let onClose: (() => void) | null = null;
  const listen = (message: unknown): void => {
    if (isEnveloped(message)) onMessage?.(message.bourse);
  };
  const leave = (): void => {
    const handler = onClose;
    close();
    handler?.();
  };
  function close(): void {
    onMessage = null;
    onClose = null;
    end.off('message', listen);
    end.off('disconnect', leave);
    end.off('close', leave);
  }
  end.on('disconnect', leave);
  // A child that ends while a handle is on its way to it never tells of the disconnect.
  end.on('close', leave);
  return {
    post: (message) => {
      // A send that fails means that the other end is gone: `disconnect` tells.
      if (end.connected === true)
        end.send?.({ bourse: message } satisfies Enveloped, undefined, undefined, () => {});
    },
    onMessage: (handler) => {
      onMessage = handler;
      end.on('message', listen);
    },
    onClose: (handler) => {
      onClose = handler;
    },
    close,
  };
}

/**
 * Two ends in one thread, for tests and simulations. Messages are cloned as a real line clones them
 * (and what cannot be cloned throws); `deliver` runs each delivery, in its own time.
 */
export function createChannelPair(
  deliver: (run: () => void) => void = queueMicrotask,
): readonly [Channel, Channel] {
  let isClosed = false;
  const ends = [newEnd(), newEnd()] as const;
  const channel = (own: End, other: End): Channel => ({
    post: (message) => {
      if (isClosed) return;
      const bytes = serialize(message);
      deliver(() => {
        if (!isClosed) other.onMessage(deserialize(bytes));
      });
    },
    onMessage: (handler) => {
      own.onMessage = handler;
    },
    onClose: (handler) => {
      own.onClose = handler;
    },
    close: () => {
      if (isClosed) return;
      deliver(() => {
        if (isClosed) return;
        isClosed = true;
        other.onClose();
      });
    },
  });
  return [channel(ends[0], ends[1]), channel(ends[1], ends[0])];
}

interface End {
  onMessage: (message: unknown) => void;
  onClose: () => void;
}

const newEnd = (): End => ({ onMessage: () => {}, onClose: () => {} });
