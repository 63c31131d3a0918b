import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { Clock } from '../kernel/index.ts';
import type { Config } from '../contract/index.ts';
import { listen } from './listen.ts';
import type { Address } from './listen.ts';
import { KEY_REMEDY, assertLoopback } from './loopback.ts';
import { SocketHandOver } from './socket-hand-over.ts';
import type { Give, Seat } from './socket-hand-over.ts';

/** The model API's port, for workers that do not listen themselves. */
export interface SharedPort {
  /** Rejects with `BRS_UNPROTECTED` or `BRS_LISTEN`. */
  listen(): Promise<Address>;
  /** Gives connections to a worker that can serve. */
  join(give: Give<Socket>): Seat;
  close(): void;
}

/** What it accepts is not read here: a worker gets the whole of it. */
export function createSharedPort(
  { server: { host, port, limits }, keys }: Pick<Config, 'server' | 'keys'>,
  clock: Clock,
): SharedPort {
  const handOver = new SocketHandOver<Socket>(clock);
  // As an HTTP server has it: small answers are not held back, and a client may half-close.
  const options = { pauseOnConnect: true, allowHalfOpen: true, noDelay: true };
  const server = createServer(options, (socket) => {
    socket.on('error', () => {});
    handOver.add(socket);
  });
  // Those that wait: what a worker has taken is not counted here.
  server.maxConnections = limits.connections;
  let isClosed = false;
  return {
    async listen() {
      if (keys.length === 0) assertLoopback('model API', host, KEY_REMEDY);
      const address = await listen(server, { host, port });
      // A connection that cannot be accepted (no descriptor is left) must not end the process.
      server.on('error', () => {});
      return address;
    },
    join: (give) => handOver.join(give),
    close: () => {
      if (isClosed) return;
      isClosed = true;
      server.close();
      handOver.close();
    },
  };
}
