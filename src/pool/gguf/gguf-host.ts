import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { fault, moduleUrl } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { GgufMessage } from './gguf-process.ts';
import { LoadBars } from './load-bars.ts';

/** A process that ended by a fault is started again by a request that comes after so long. */
const RESTART_MS = 1_000;
/** Connections that wait for the process to start. */
const ARRIVALS_MAX = 256;

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
  /** Whether the process can be given connections. */
  #isUp = false;
  /** Connections that came before. */
  readonly #arrivals: Socket[] = [];
  readonly #bars: LoadBars;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bars = new LoadBars(clock);
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
    server.on('connection', (socket) => this.#arrived(server, socket));
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

  /** Until the process has taken over the port, connections still come here. */
  #arrived(server: Server, socket: Socket): void {
    if (this.#isUp) this.#child?.send('connection', socket);
    else if (this.#arrivals.length < ARRIVALS_MAX) this.#arrivals.push(socket);
    else socket.destroy();
    if (this.#child === null) this.#start(server);
  }

  #start(server: Server): void {
    const entry = fileURLToPath(moduleUrl(import.meta.url, './gguf-process'));
    // Flags of this process, such as an inspector's port, are not for the other one.
    const child = fork(entry, [], {
      execArgv: [],
      env: {
        ...process.env,
        BOURSE_GGUF_TOKEN: this.token,
        BOURSE_GGUF_BARRED: JSON.stringify(this.#bars.current()),
      },
    });
    this.#child = child;
    // One that cannot be started, or sent to, ends.
    child.on('error', () => undefined);
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `exit code ${code}`));
    child.on('message', (message: GgufMessage) => {
      if (message.kind === 'loading') this.#bars.loads(message.path);
      if (message.kind === 'loaded') this.#bars.loads(null);
      if (message.kind === 'up') {
        this.#isUp = true;
        child.send('port', server);
        for (const socket of this.#arrivals.splice(0)) child.send('connection', socket);
      }
      if (message.kind === 'taken') {
        server.close();
        this.#server = null;
      }
    });
  }

  /** A process that serves no model any more ends by itself, and well. */
  #ended(child: ChildProcess, how: string): void {
    if (this.#child === child) this.#child = null;
    this.#leave();
    if (this.#isClosed) return;
    if (child.exitCode !== 0) this.#bars.ended(how);
    this.#bars.loads(null);
    this.#clock.after(child.exitCode === 0 ? 0 : RESTART_MS, () => {
      if (!this.#isClosed) this.listen(this.#port).catch(() => this.#ended(child, how));
    });
  }

  /** Takes no more connections; those that nobody took are cut, so that who made them tries again. */
  #leave(): void {
    this.#isUp = false;
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#arrivals.splice(0)) socket.destroy();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#leave();
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      if (child.connected) child.disconnect();
      else child.kill();
    });
  }
}
