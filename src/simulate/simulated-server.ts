import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Rng } from '../kernel/index.ts';
import type { EngineModel } from './engine-model.ts';
import type { SimulatedSpec } from './engine-spec.ts';
import type { SimulatedFault } from './fault-injection.ts';
import { fault as codedFault } from '../kernel/index.ts';
import { Desk } from './desk.ts';

/** Past the ESM facade, whose lazy exports load a second HTTP client. */
const { createServer } = process.getBuiltinModule('node:http');

export interface SimulatedServerOptions {
  readonly spec: SimulatedSpec;
  readonly clock: Clock;
  readonly rng: Rng;
  /** 127.0.0.1 where not given. */
  readonly host?: string;
  /** Any free port where not given. */
  readonly port?: number;
  /** Divides all times of the engine; its energy and its own metrics stay those of speed 1. */
  readonly speedup?: number;
}

export interface SimulatedServer {
  readonly spec: SimulatedSpec;
  /** Without a trailing slash and without `/v1`. */
  readonly url: string;
  readonly engine: EngineModel;
  fault(fault: SimulatedFault): void;
  /** Cuts what is open and resolves when the port is free. */
  close(): Promise<void>;
}

/** One simulated engine behind an HTTP server that speaks vLLM's protocol. Rejects with `BRS_LISTEN`. */
export async function createSimulatedServer(
  options: SimulatedServerOptions,
): Promise<SimulatedServer> {
  const { spec, clock, rng, host = '127.0.0.1', port = 0, speedup = 1 } = options;
  const desk = new Desk({ spec, clock, rng, speedup });
  const server = createServer((request, response) => {
    // What a handler throws is a connection that broke while its body was read.
    desk.handle(request, response).catch(() => response.destroy());
  });
  // Longer than any gateway keeps an idle connection, so that none is closed under a request.
  server.keepAliveTimeout = 75_000;
  await listen(server, host, port);
  const bound = server.address() as AddressInfo;
  const shownHost = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return {
    spec,
    url: `http://${shownHost}:${bound.port}`,
    engine: desk.engine,
    fault: (fault) => desk.setFault(fault),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        desk.engine.close();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const details = { address: `${host}:${port}`, reason: error.code ?? 'the system refused' };
      reject(codedFault('BRS_LISTEN', details, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}
