import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fault, moduleUrl } from '../kernel/index.ts';
import type { FleetMessage } from './fleet-process.ts';

export interface ForkFleetOptions {
  readonly basePort?: number;
  readonly speedup?: number;
  /** Makes ids and jitter repeatable. */
  readonly seed?: number;
}

export interface ForkedFleet {
  readonly env: Readonly<Record<string, string>>;
  readonly processId: number;
  /** Ends the process and resolves when it has ended. */
  close(): Promise<void>;
}

/** Runs the demo fleet in a process of its own. It ends with this process, whatever becomes of it. */
export function forkDemoFleet(options: ForkFleetOptions = {}): Promise<ForkedFleet> {
  const { basePort, speedup, seed } = options;
  const values = { 'base-port': basePort, speedup, seed };
  const args = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name}=${value}`);
  const entry = fileURLToPath(moduleUrl(import.meta.url, './fleet-process'));
  // Flags of this process, such as an inspector's port, are not for the other one.
  const child = fork(entry, args, { execArgv: [] });
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      reject(fault('BRS_LISTEN', { address: 'the simulated fleet', reason }));
    };
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`its process ended with code ${code}`));
    child.once('message', (message: FleetMessage) => {
      if (message.kind === 'failed') {
        fail(message.message);
        return;
      }
      resolve({
        env: message.env,
        processId: child.pid!,
        close: () =>
          new Promise((closed) => {
            if (child.exitCode !== null || child.signalCode !== null) return closed();
            child.once('exit', () => closed());
            child.disconnect();
          }),
      });
    });
  });
}
