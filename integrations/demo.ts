import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder that holds the installed release, or the checkout around this folder. */
const BOURSE = process.env['BOURSE_BIN'] ?? join(import.meta.dirname, '..', 'bin', 'bourse.js');

export interface Demo {
  readonly url: string;
  readonly adminUrl: string;
  /** Ends the process and starts it again, with the same files and on the same ports. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** `bourse demo` on free ports, in a process and a folder of its own. */
export const startDemo = (): Promise<Demo> => startBourse('demo');

/** The command on free ports, in a process and a folder of its own that holds the given files. */
export async function startBourse(
  command: string,
  files: Readonly<Record<string, string | Buffer>> = {},
): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'bourse-integration-'));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
  }
  const [port, adminPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const args = [BOURSE, command, '--port', String(port), '--admin-port', String(adminPort)];
  const start = async (): Promise<() => Promise<void>> => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const exited = once(child, 'exit');
    for (;;) {
      if (child.exitCode !== null) {
        throw new Error(`bourse ${command} ended with ${child.exitCode}`);
      }
      const ready = await fetch(`${url}/health/ready`).catch(() => null);
      if (ready?.status === 200) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return async () => {
      child.kill('SIGTERM');
      await exited;
    };
  };
  let stop = await start();
  return {
    url,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    restart: async () => {
      await stop();
      stop = await start();
    },
    close: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
