import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { fault, moduleUrl } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { GgufMessage } from './gguf-process.ts';

/** A process that ended by itself is started again by a request that comes after so long. */
const RESTART_MS = 1_000;

export interface GgufHost {
  readonly url: string;
  readonly token: string;
  /** Null while there is no process. */
  readonly processId: number | null;
  /** Ends the process, if there is one, and resolves when it has ended. */
  close(): Promise<void>;
}

/**
 * Holds a loopback port for local models, and starts the process that serves them when somebody first
 * connects to it: an exchange without local models pays for none. Rejects with `BRS_LISTEN`.
 */
export async function openGgufHost(clock: Clock): Promise<GgufHost> {
  const host = new Host(clock);
  await host.listen(0);
  return host;
}

class Host implements GgufHost {
  readonly token = randomBytes(24).toString('base64url');
  readonly #clock: Clock;
  #port = 0;
  #server: Server | null = null;
  #child: ChildProcess | null = null;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get processId(): number | null {
    return this.#child?.pid ?? null;
  }

  listen(port: number): Promise<void> {
    // A connection is handed on unread.
    const server = createServer({ pauseOnConnect: true });
    server.once('connection', (socket) => this.#start(server, socket));
    // Nobody waits for a port that nobody has asked.
    server.unref();
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const details = { address: `127.0.0.1:${port}`, reason: error.code ?? 'unknown' };
        reject(fault('BRS_LISTEN', details, { cause: error }));
      });
      server.listen(port, '127.0.0.1', () => {
        this.#server = server;
        this.#port = (server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  /** The process takes over the port with the connection that came first. */
  #start(server: Server, first: Socket): void {
    const entry = fileURLToPath(moduleUrl(import.meta.url, './gguf-process'));
    // Flags of this process, such as an inspector's port, are not for the other one.
    const child = fork(entry, [], {
      execArgv: [],
      env: { ...process.env, BOURSE_GGUF_TOKEN: this.token },
    });
    this.#child = child;
    child.once('error', () => undefined);
    child.once('exit', () => this.#ended(child));
    child.on('message', ({ kind }: GgufMessage) => {
      if (kind === 'up') {
        child.send('port', server, () => child.send('connection', first));
      } else {
        server.close();
        this.#server = null;
      }
    });
  }

  #ended(child: ChildProcess): void {
    if (this.#child === child) this.#child = null;
    if (this.#isClosed) return;
    this.#server?.close();
    this.#server = null;
    this.#clock.after(RESTART_MS, () => {
      if (!this.#isClosed) this.listen(this.#port).catch(() => this.#ended(child));
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#server?.close();
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      if (child.connected) child.disconnect();
      else child.kill();
    });
  }
}
