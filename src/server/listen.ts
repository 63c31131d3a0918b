import type { AddressInfo, Server } from 'node:net';
import { fault } from '../kernel/index.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken; choose another one or stop the program that has it',
  EACCES: 'this user may not use the port; choose one above 1023',
  EADDRNOTAVAIL: 'no interface of this host has the address',
  ENOTFOUND: 'the host name is not known',
};

/** Listens, and resolves to the address with the port that was really given. */
export function listen(server: Server, { host, port }: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const reason = REASONS[error.code ?? ''] ?? error.code ?? 'the system refused';
      const address = authority({ host, port });
      reject(fault('BRS_LISTEN', { address, reason }, { cause: error }));
    };
    server.once('error', fail);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', fail);
      resolve({ host, port: (server.address() as AddressInfo).port });
    });
  });
}

/** `host:port` as it stands in a URL. */
export function authority({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
