import type { Socket } from 'node:net';
import type { Client as ClientTypes, Dispatcher, Pool, buildConnector } from 'undici';
import { Client } from './undici.ts';

/** Who is told over which connection it goes, before it is sent. */
export interface Passenger extends Dispatcher.DispatchHandler {
  connection: Connection | null;
}

/**
 * One connection of a pool, at a time. It knows its socket: how much came over it tells a connection
 * that was closed while idle from one that broke within an answer.
 */
export class Connection extends Client {
  /** Null before the first is made. */
  socket: Socket | null = null;

  override dispatch(options: Dispatcher.DispatchOptions, handler: Passenger): boolean {
    handler.connection = this;
    return super.dispatch(options, handler);
  }
}

/** Makes the connections of a pool. */
export const openConnection: NonNullable<Pool.Options['factory']> = (origin, given) => {
  const { connect, ...options } = given as ClientTypes.Options & {
    connect: buildConnector.connector;
  };
  const connection = new Connection(origin, {
    ...options,
    connect: (to, done) => {
      connect(to, (...made) => {
        if (made[0] === null) connection.socket = made[1];
        done(...made);
      });
    },
  });
  return connection;
};
